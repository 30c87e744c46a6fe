import { sectionOf } from '../oops/sections.ts';
import { shownText } from '../printk/byte-string.ts';
import type { Judgement } from '../verdict/judgement.ts';
import { printedLines } from '../verdict/text.ts';
import type { Truth } from '../verdict/truth.ts';
import type { Evidence } from './evidence.ts';
import type { Moment } from './moments.ts';
import { type Timeline, TIMELINE_VERSION, type TimelineRecord } from './timeline.ts';

/**
 * Puts together what the ring buffer and both witnesses say of each record. The guest's clock and this host's are held
 * together by the record that took the least time to a witness: it counts as seen when it was written.
 */
export function timelineOf(
  truth: Truth,
  evidence: Evidence,
  verdicts: { wire: Judgement; serial: Judgement },
  moments: readonly Moment[],
): Timeline {
  const arrivals = wireTimes(truth, evidence);
  const serialAt = serialTimes(truth, evidence);
  const bootedMs = bootOf(truth, (sequence) => [arrivals.get(sequence)?.[0]?.atMs, serialAt.get(sequence)]);
  const toGuest = (atMs: number) => round(atMs - bootedMs);
  const [wire, serial] = [statesOf(verdicts.wire), statesOf(verdicts.serial)];
  const record = (sequence: number, text: string): TimelineRecord => {
    const copies = arrivals.get(sequence)?.map(({ atMs, fragments, text: said }) => ({
      ms: toGuest(atMs),
      ...(fragments > 1 ? { fragments } : {}),
      ...(said === null || said === text ? {} : { text: shownText(said) }),
    }));
    const printedMs = serialAt.get(sequence);
    return {
      sequence,
      text: shownText(text),
      wire: { ...wire(sequence), ...(copies ? { copies } : {}) },
      serial: { ...serial(sequence), ...(printedMs === undefined ? {} : { ms: toGuest(printedMs) }) },
    };
  };
  const records = [
    ...truth.records.map(({ sequence, text, timestampUs, level, caller }) => {
      const section = sectionOf(text);
      return {
        ...record(sequence, text),
        ms: timestampUs / 1000,
        level,
        caller,
        ...(section === null ? {} : { section }),
      };
    }),
    ...[...truth.overwritten, ...truth.unfinished].map((sequence) =>
      unwritten(record(sequence, arrivals.get(sequence)?.[0]?.text ?? '')),
    ),
  ].sort((one, other) => one.sequence - other.sequence);
  return {
    head: {
      type: 'timeline',
      version: TIMELINE_VERSION,
      records: records.length,
      moments: moments.map(({ atMs, name }) => ({ ms: toGuest(atMs), name })),
    },
    records,
  };
}

/** Of a record that the ring buffer does not have only what came proves anything. */
function unwritten(record: TimelineRecord): TimelineRecord {
  const { wire, serial } = record;
  const seen =
    wire.state === 'arrived' && wire.copies === undefined ? { ...wire, state: 'unknown' as const } : wire;
  return {
    ...record,
    wire: seen,
    serial: serial.state === 'arrived' ? { ...serial, state: 'unknown' } : serial,
  };
}

const round = (ms: number) => Math.round(ms * 1000) / 1000;

interface Arrival {
  atMs: number;
  fragments: number;
  /** As it arrived; null where it can only be as it was written. */
  text: string | null;
}

/** By sequence number, when each record came. Basic lines have none: they are told by their words. */
function wireTimes(truth: Truth, { wire }: Evidence): Map<number, Arrival[]> {
  const times = new Map<number, Arrival[]>();
  for (const [sequence, copies] of wire.records) {
    times.set(
      sequence,
      copies.map(({ lastMs, fragments, text }) => ({ atMs: lastMs, fragments, text })),
    );
  }
  if (wire.basic.length === 0) return times;
  const lines = new LinesByWords(wire.basic);
  for (const record of truth.records) {
    const atMs = lines.take(record);
    if (atMs !== undefined) times.set(record.sequence, [{ atMs, fragments: 1, text: null }]);
  }
  return times;
}

function serialTimes(truth: Truth, { serial, serialMarks }: Evidence): Map<number, number> {
  const times = new Map<number, number>();
  const from = Math.max(0, serial.indexOf(truth.marker));
  const begin = serial.lastIndexOf('\n', from) + 1;
  let at = begin;
  let mark = 0;
  const lines = serial
    .slice(begin)
    .split('\n')
    .map((line) => {
      at += line.length + 1;
      while (mark + 1 < serialMarks.length && (serialMarks[mark]?.length ?? 0) < at) mark += 1;
      return { text: line.replace(/\r$/, ''), atMs: serialMarks[mark]?.atMs ?? 0 };
    });
  if (serialMarks.length === 0) return times;
  const byWords = new LinesByWords(lines);
  for (const record of truth.records) {
    const atMs = byWords.take(record);
    if (atMs !== undefined) times.set(record.sequence, atMs);
  }
  return times;
}

/** Printed lines, to be found by the record that they print; of equal ones the first is taken first. */
class LinesByWords {
  readonly #times = new Map<string, number[]>();

  constructor(lines: readonly { text: string; atMs: number }[]) {
    for (const { text, atMs } of lines.toReversed()) {
      const known = this.#times.get(text);
      if (known) known.push(atMs);
      else this.#times.set(text, [atMs]);
    }
  }

  /** When the last line of a record was there. */
  take(record: Truth['records'][number]): number | undefined {
    for (const callers of [false, true]) {
      const last = printedLines(record, callers).at(-1) ?? '';
      const atMs = this.#times.get(last)?.pop();
      if (atMs !== undefined) return atMs;
    }
    return undefined;
  }
}

/** When the guest's clock stood at 0, by this host's: nothing is seen before it is written. */
function bootOf(truth: Truth, seenMs: (sequence: number) => (number | undefined)[]): number {
  let booted = Infinity;
  for (const { sequence, timestampUs } of truth.records) {
    for (const atMs of seenMs(sequence))
      if (atMs !== undefined) booted = Math.min(booted, atMs - timestampUs / 1000);
  }
  return booted === Infinity ? 0 : booted;
}

/** What a judgement says of one record. */
function statesOf(judgement: Judgement) {
  const [missing, torn, doubled, misplaced] = [
    judgement.missing,
    judgement.torn,
    judgement.doubled,
    judgement.misplaced,
  ].map((list) => new Set(list));
  const where = new Map(judgement.lost.map((lost) => [lost.sequence, lost.where]));
  const judged = judgement.status !== 'undecidable' || judgement.written > 0;
  return (sequence: number) => {
    const place = where.get(sequence);
    const flaws = [
      ...(doubled?.has(sequence) ? ['doubled'] : []),
      ...(misplaced?.has(sequence) ? ['misplaced'] : []),
    ];
    const state: TimelineRecord['wire']['state'] = missing?.has(sequence)
      ? 'missing'
      : torn?.has(sequence)
        ? 'torn'
        : judged
          ? 'arrived'
          : 'unknown';
    return {
      state,
      ...(place === undefined ? {} : { where: place }),
      ...(flaws.length > 0 ? { flaws } : {}),
    };
  };
}
