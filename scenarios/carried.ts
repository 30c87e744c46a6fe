import type { Measurement } from '../harness/lab/record.ts';
import type { Seen } from '../harness/lab/scenario.ts';

const PANIC = /Kernel panic/;

/**
 * Of messages in the order they were written: how many those are, how many arrived, and how many before the first that
 * didn't.
 */
export function carried(messages: Seen['written'], { arrived }: Pick<Seen, 'arrived'>) {
  const there = messages.map(({ sequence }) => arrived.records.has(sequence));
  const first = there.indexOf(false);
  return {
    written: there.length,
    all: there.filter(Boolean).length,
    first: first < 0 ? there.length : first,
    panic: messages.some(({ text }, at) => PANIC.test(text) && there[at]),
  };
}

/** What a reserve carried, as figures; `point` says under which conditions. */
export function carriedFigures(
  { written, all, first, panic }: ReturnType<typeof carried>,
  point: Record<string, string | number>,
): Measurement[] {
  return [
    { name: 'messages written', unit: 'messages', value: written, ...point },
    { name: 'messages carried', unit: 'messages', value: all, ...point },
    { name: 'messages carried before the first loss', unit: 'messages', value: first, ...point },
    { name: 'panic carried', unit: 'runs', value: panic ? 1 : 0, ...point },
  ];
}
