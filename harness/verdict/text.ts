import type { PrintkRecord } from '../printk/record.ts';
import { type Judgement, judged, outOfPlace } from './judgement.ts';
import type { Truth } from './truth.ts';

/**
 * Holds a console's text (serial, or netconsole's basic format) against the truth: every line of every record
 * with its prefix, byte for byte, in order. Such text has no sequence numbers; the time stamps, in microseconds,
 * make lines all but unique, and where two records print the same they must stand there twice.
 */
export function judgeText(truth: Truth, text: string): Judgement {
  const missing: number[] = [];
  const torn: number[] = [];
  const doubled: number[] = [];
  const order: { sequence: number; at: number }[] = [];
  const lost: Judgement['lost'] = [];
  const places = linePlaces(text);
  const expected = expectedLines(truth.records, places);

  for (const [index, record] of truth.records.entries()) {
    const lines = expected[index] ?? [];
    const found = lines.map((line) => places.get(line)?.shift());
    const there = found.filter((place) => place !== undefined);
    if (there.length === lines.length) order.push({ sequence: record.sequence, at: there[0] ?? 0 });
    else if (there.length > 0) torn.push(record.sequence);
    else {
      missing.push(record.sequence);
      lost.push({
        sequence: record.sequence,
        where: record.finalised ? 'never sent' : 'not printed',
        text: record.text,
      });
    }
  }
  // Lines left over after every record took its own are copies.
  for (const [index, record] of truth.records.entries()) {
    const extra = (expected[index] ?? []).some((line) => (places.get(line)?.length ?? 0) > 0);
    if (extra) doubled.push(record.sequence);
  }
  for (const [list, where] of [
    [truth.overwritten, 'overwritten before it was sent'],
    [truth.unfinished, 'not printed'],
  ] as const) {
    for (const sequence of list) {
      missing.push(sequence);
      lost.push({ sequence, where, text: '' });
    }
  }

  return judged({
    written: truth.records.length + truth.overwritten.length + truth.unfinished.length,
    arrived: order.length,
    missing: missing.sort((a, b) => a - b),
    torn,
    doubled,
    misplaced: outOfPlace(order.sort((a, b) => a.at - b.at).map(({ sequence }) => sequence)),
    lost: lost.sort((a, b) => a.sequence - b.sequence),
  });
}

/** Where each line of a text stands, by number of line. */
function linePlaces(text: string): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [number, line] of text.split(/\r?\n/).entries()) {
    const known = places.get(line);
    if (known) known.push(number);
    else places.set(line, [number]);
  }
  return places;
}

/** What printk's record_print_text() prints for each record; kernels with CONFIG_PRINTK_CALLER name the caller. */
function expectedLines(records: readonly PrintkRecord[], places: Map<string, number[]>): string[][] {
  const plain = records.map((record) => printedLines(record, ''));
  const withCaller = records.map((record) => printedLines(record, `[${record.caller.padStart(6)}]`));
  const hits = (lines: string[][]) => lines.flat().filter((line) => places.has(line)).length;
  return hits(withCaller) > hits(plain) ? withCaller : plain;
}

/** Each line of the text behind the time, as `[    5.123456] `: Linux kernel/printk/printk.c print_time(). */
export function printedLines(record: PrintkRecord, caller = ''): string[] {
  const seconds = Math.floor(record.timestampUs / 1_000_000);
  const micros = record.timestampUs % 1_000_000;
  const prefix = `[${String(seconds).padStart(5)}.${String(micros).padStart(6, '0')}]${caller} `;
  return record.text.split('\n').map((line) => prefix + line);
}
