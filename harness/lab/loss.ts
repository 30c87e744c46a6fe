import type { PrintkRecord } from '../printk/record.ts';
import type { Judgement } from '../verdict/judgement.ts';
import type { KnownLoss } from './scenario.ts';

/** What is not on the wire as it is expected, a sentence each. `written` is what the ring buffer still holds. */
export function wireDifferences(
  wire: Judgement,
  written: readonly PrintkRecord[],
  known: KnownLoss | undefined,
): string[] {
  const count = `${wire.arrived} of ${wire.written} records arrived whole and once.`;
  if (wire.status === 'undecidable') return [`Nothing is proved: ${wire.reason ?? 'no reason known'}.`];
  if (!known) return wire.status === 'complete' ? [] : [`The wire is incomplete: ${count}`];
  const more = wire.status === 'complete' ? [] : beyond(known, wire, written);
  return [
    ...(more.length === 0 ? [] : [`More is lost than is known: ${more.join(', ')}. ${count}`]),
    ...wireNews(wire, written, known),
  ];
}

/** Those of the differences that say only that less is lost than is known: no regression, but news. */
export function wireNews(
  wire: Judgement,
  written: readonly PrintkRecord[],
  known: KnownLoss | undefined,
): string[] {
  if (!known || wire.status === 'undecidable') return [];
  if (wire.status === 'incomplete') return lessThan(known, wire, written);
  return known.how === 'sometimes'
    ? []
    : ['Everything arrived, though a loss is known and expected here: the kernel has changed.'];
}

/** A loss excuses what is missing, and of what arrived only what it says is so. */
function beyond(known: KnownLoss, wire: Judgement, written: readonly PrintkRecord[]): string[] {
  const torn = tornTexts(wire, written).filter((text) => !known.torn?.test(text));
  const bounds = boundsOf(known, wire, written);
  const counts: [count: number, what: string][] = [
    [missingOf(wire).filter((one) => !excuses(known, one, bounds)).length, 'other records'],
    [torn.length, 'torn'],
    [known.doubled ? 0 : wire.doubled.length, 'doubled'],
    [known.misplaced ? 0 : wire.misplaced.length, 'misplaced'],
  ];
  return counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
}

/** A known loss that is smaller than it was is news. */
function lessThan(known: KnownLoss, wire: Judgement, written: readonly PrintkRecord[]): string[] {
  const { torn, from, how } = known;
  const bounds = boundsOf(known, wire, written);
  const happened =
    missingOf(wire).some((one) => excuses(known, one, bounds)) ||
    tornTexts(wire, written).some((text) => torn?.test(text));
  if (how !== 'sometimes' && !happened) {
    return ['What is known to be lost here is not: the kernel has changed.'];
  }
  if (!from) return [];
  const first = written.findIndex(({ text }) => from.test(text));
  if (first < 0) return [`Nothing in the log says ${from}, from which on all is known to be lost.`];
  const missing = new Set(wire.missing);
  const arrived = written.slice(first).filter(({ sequence }) => !missing.has(sequence)).length;
  if (arrived === 0) return [];
  return [`All from ${from} on is known to be lost, but ${arrived} of it arrived: the kernel has changed.`];
}

/** A loss of all from a record on has one beginning: what is missing before something that arrived is another loss. */
function excuses({ only, torn, from }: KnownLoss, { sequence, text }: Missing, bounds: Bounds): boolean {
  if (sequence < bounds.first) return false;
  if (from && sequence > bounds.last) return true;
  return only ? only.test(text) : !torn && !from;
}

/** By sequence number. */
interface Bounds {
  /** Of a loss `since` a record: that record. */
  first: number;
  /** Of a loss `from` a record on: the newest before it of which something arrived. */
  last: number;
}

function boundsOf({ since, from }: KnownLoss, wire: Judgement, written: readonly PrintkRecord[]): Bounds {
  const first = since ? written.find(({ text }) => since.test(text)) : undefined;
  return { first: first?.sequence ?? -1, last: lastBefore(from, wire, written) };
}

interface Missing {
  /** Infinity where nobody can say which it is. */
  sequence: number;
  text: string;
}

/** Of a record that the ring has overwritten the text is empty; so it is of one that nobody can say arrived. */
function missingOf({ written, arrived, missing, torn, lost }: Judgement): Missing[] {
  const open = written - arrived - missing.length - torn.length;
  const unknown = { sequence: Infinity, text: '' };
  return [...lost, ...Array.from({ length: Math.max(0, open) }, () => unknown)];
}

/** The newest record of which something arrived, before the first with such a text; -1 where none did. */
function lastBefore(from: RegExp | undefined, wire: Judgement, written: readonly PrintkRecord[]): number {
  const missing = new Set(wire.missing);
  const first = from ? written.findIndex(({ text }) => from.test(text)) : -1;
  const before = first < 0 ? written : written.slice(0, first);
  return before.findLast(({ sequence }) => !missing.has(sequence))?.sequence ?? -1;
}

function tornTexts(wire: Judgement, written: readonly PrintkRecord[]): string[] {
  const texts = new Map(written.map(({ sequence, text }) => [sequence, text]));
  return wire.torn.map((sequence) => texts.get(sequence) ?? '');
}
