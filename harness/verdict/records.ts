import type { ArrivedRecord } from '../netconsole/arrived.ts';
import type { Ledger } from '../netconsole/ledger.ts';
import type { PrintkRecord } from '../printk/record.ts';
import { type Doubt, type Judgement, judged, type LossPlace, outOfPlace } from './judgement.ts';
import type { Truth } from './truth.ts';

/**
 * Holds extended netconsole records against the truth, by sequence number and byte for byte.
 * `sent` is what left the guest, where another witness knows that: what is there and didn't arrive was lost `beyond`
 * the guest, on the host or on a wire that was made to misbehave; what isn't there was never sent.
 *
 * The text of a record that the ring has overwritten can't be compared: it arrived if it is whole in itself, and
 * is counted as `uncompared`.
 */
export function judgeRecords(
  truth: Truth,
  ledger: Ledger,
  sent?: Ledger,
  beyond: 'lost on the host' | 'lost on the wire' = 'lost on the host',
): Judgement {
  const missing: number[] = [];
  const torn: number[] = [];
  const doubled: number[] = [];
  const whole = new Set<number>();
  const lost: Judgement['lost'] = [];
  const tornOnWire = new Set(ledger.torn.map(({ sequence }) => sequence));
  const repeated = new Set(ledger.repeated.map(({ sequence }) => sequence));

  const all = written(truth);
  for (const { sequence, text, otherwise, isAsWritten } of all) {
    const copies = ledger.records.get(sequence) ?? [];
    const inParts = tornOnWire.has(sequence);
    if (copies.length > 1 || (copies.length > 0 && (inParts || repeated.has(sequence))))
      doubled.push(sequence);
    if (copies.length === 0 && !inParts) {
      missing.push(sequence);
      lost.push({ sequence, where: sent?.records.has(sequence) ? beyond : otherwise, text });
    } else if (inParts || !copies.every(isAsWritten)) torn.push(sequence);
    else whole.add(sequence);
  }

  const uncompared = truth.overwritten.filter((sequence) => whole.has(sequence)).length;
  const known = new Set(all.map(({ sequence }) => sequence));
  // A copy that comes again is doubled, not misplaced.
  const order = [...new Set(ledger.order)].filter((sequence) => known.has(sequence));
  const lists = {
    written: all.length,
    arrived: whole.size,
    ...(uncompared > 0 ? { uncompared } : {}),
    missing,
    torn,
    doubled,
    misplaced: outOfPlace(order).filter((sequence) => whole.has(sequence)),
    lost,
  };
  return judged(lists, unknownRecords(all[0]?.sequence ?? 0, known, ledger));
}

interface Written {
  sequence: number;
  text: string;
  /** Where it was lost if it did not even leave the guest. */
  otherwise: LossPlace;
  isAsWritten: (copy: ArrivedRecord) => boolean;
}

/** Everything that was written, in order of sequence. */
function written(truth: Truth): Written[] {
  const none = { text: '', isAsWritten: () => false };
  const all: Written[] = [
    ...truth.records.map((record): Written => ({
      sequence: record.sequence,
      text: record.text,
      otherwise: record.finalised ? 'never sent' : 'not printed',
      isAsWritten: (copy) => isSame(record, copy),
    })),
    ...truth.overwritten.map((sequence): Written => {
      return { ...none, sequence, otherwise: 'overwritten before it was sent', isAsWritten: isWhole };
    }),
    ...truth.unfinished.map((sequence): Written => ({ ...none, sequence, otherwise: 'not printed' })),
  ];
  return all.sort((a, b) => a.sequence - b.sequence);
}

/** A record that arrived from after the marker and is not in the ring: then the ring is not the whole truth. */
function unknownRecords(first: number, known: Set<number>, { records, torn }: Ledger): Doubt | null {
  const seen = [...records.keys(), ...torn.map(({ sequence }) => sequence)];
  const unknown = seen.find((sequence) => sequence >= first && !known.has(sequence));
  if (unknown === undefined) return null;
  return { reason: `record ${unknown} arrived, and the ring buffer knows nothing of it`, records: 0 };
}

/** `enum printk_info_flags`, LOG_CONT. */
const CONTINUATION = 8;

/** Byte for byte: text, dictionary, and everything the header says. Userdata and sysdata may come behind. */
function isSame(record: PrintkRecord, copy: ArrivedRecord): boolean {
  return (
    isWhole(copy) &&
    copy.text === record.text &&
    copy.level === record.level &&
    copy.facility === record.facility &&
    copy.timestampUs === record.timestampUs &&
    copy.continuation === ((record.flags & CONTINUATION) !== 0) &&
    (copy.caller === undefined || copy.caller === record.caller) &&
    Object.entries(record.dictionary).every(
      ([key, value]) => copy.dictionary.find(([name]) => name === key)?.[1] === value,
    )
  );
}

const isWhole = (copy: ArrivedRecord): boolean => copy.terminated && !copy.cutEscape;
