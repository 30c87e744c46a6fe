import type { ArrivedRecord } from '../netconsole/arrived.ts';
import type { Ledger } from '../netconsole/ledger.ts';
import type { PrintkRecord } from '../printk/record.ts';
import { type Judgement, judged, type LossPlace, outOfPlace } from './judgement.ts';
import type { Truth } from './truth.ts';

/**
 * Holds extended netconsole records against the truth, by sequence number and byte for byte.
 * `sent` is what left the guest, where another witness knows that: it tells "never sent" from "lost on the host".
 */
export function judgeRecords(truth: Truth, ledger: Ledger, sent?: Ledger): Judgement {
  const missing: number[] = [];
  const torn: number[] = [];
  const doubled: number[] = [];
  const lost: Judgement['lost'] = [];
  let arrived = 0;

  const placeOf = (sequence: number): LossPlace =>
    sent?.records.has(sequence) ? 'lost on the host' : 'never sent';
  const lose = (sequence: number, where: LossPlace, text: string) => {
    missing.push(sequence);
    lost.push({ sequence, where, text });
  };
  const tornOnWire = new Set(ledger.torn.map(({ sequence }) => sequence));

  for (const record of truth.records) {
    const copies = ledger.records.get(record.sequence) ?? [];
    const [first] = copies;
    if (copies.length > 1) doubled.push(record.sequence);
    if (!first && tornOnWire.has(record.sequence)) torn.push(record.sequence);
    else if (!first) {
      lose(record.sequence, record.finalised ? placeOf(record.sequence) : 'not printed', record.text);
    } else if (copies.some((copy) => !isSame(record, copy))) torn.push(record.sequence);
    else arrived += 1;
  }
  for (const sequence of truth.overwritten) {
    if (ledger.records.has(sequence)) arrived += 1;
    else
      lose(sequence, sent?.records.has(sequence) ? 'lost on the host' : 'overwritten before it was sent', '');
  }
  for (const sequence of truth.unfinished) {
    if (ledger.records.has(sequence)) arrived += 1;
    else lose(sequence, 'not printed', '');
  }

  const from = Math.min(truth.records[0]?.sequence ?? Infinity, truth.overwritten[0] ?? Infinity);
  return judged({
    written: truth.records.length + truth.overwritten.length + truth.unfinished.length,
    arrived,
    missing: missing.sort((a, b) => a - b),
    torn,
    doubled,
    misplaced: outOfPlace(ledger.order.filter((sequence) => sequence >= from)),
    lost: lost.sort((a, b) => a.sequence - b.sequence),
  });
}

/** Byte for byte: text, dictionary, and everything the header says. */
function isSame(written: PrintkRecord, copy: ArrivedRecord): boolean {
  return (
    copy.text === written.text &&
    copy.terminated &&
    !copy.cutEscape &&
    copy.level === written.level &&
    copy.facility === written.facility &&
    copy.timestampUs === written.timestampUs &&
    Object.entries(written.dictionary).every(([key, value]) =>
      copy.dictionary.some(([name, sent]) => name === key && sent === value),
    )
  );
}
