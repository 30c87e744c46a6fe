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
  if (wire.status === 'complete') {
    return known.how === 'sometimes'
      ? []
      : ['Everything arrived, though a loss is known and expected here: the kernel has changed.'];
  }
  const more = beyond(known, wire, written);
  return [
    ...(more.length === 0 ? [] : [`More is lost than is known: ${more.join(', ')}. ${count}`]),
    ...lessThan(known, wire, written),
  ];
}

/** A loss excuses what is missing, and of what arrived only that which it says is torn. */
function beyond(known: KnownLoss, wire: Judgement, written: readonly PrintkRecord[]): string[] {
  const torn = tornTexts(wire, written).filter((text) => !known.torn?.test(text));
  const counts: [count: number, what: string][] = [
    [missingTexts(wire).filter((text) => !excuses(known, text)).length, 'other records'],
    [torn.length, 'torn'],
    [wire.doubled.length, 'doubled'],
    [wire.misplaced.length, 'misplaced'],
  ];
  return counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
}

/** A known loss that is smaller than it was is news. */
function lessThan(known: KnownLoss, wire: Judgement, written: readonly PrintkRecord[]): string[] {
  const { torn, from, how } = known;
  const happened =
    missingTexts(wire).some((text) => excuses(known, text)) ||
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

const excuses = ({ only, torn }: KnownLoss, text: string) => (only ? only.test(text) : !torn);

/** Of a record that the ring has overwritten the text is empty; so it is of one that nobody can say arrived. */
function missingTexts({ written, arrived, missing, torn, lost }: Judgement): string[] {
  const open = written - arrived - missing.length - torn.length;
  return [...lost.map(({ text }) => text), ...Array.from({ length: Math.max(0, open) }, () => '')];
}

function tornTexts(wire: Judgement, written: readonly PrintkRecord[]): string[] {
  const texts = new Map(written.map(({ sequence, text }) => [sequence, text]));
  return wire.torn.map((sequence) => texts.get(sequence) ?? '');
}
