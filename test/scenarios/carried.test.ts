import { expect, test } from 'vitest';
import { buildLedger } from '../../harness/netconsole/ledger.ts';
import type { PrintkRecord } from '../../harness/printk/record.ts';
import { carried, carriedFigures } from '../../scenarios/carried.ts';
import { arrivedTexts, linesIn } from '../../scenarios/flood.ts';

const WORDS = ['line 1/3', 'line 2/3', 'line 3/3', 'Kernel panic - not syncing: x'];
const written = WORDS.map((text, at): PrintkRecord => ({
  sequence: at,
  timestampUs: at,
  facility: 0,
  level: 6,
  flags: 2,
  caller: 'T1',
  finalised: true,
  text,
  dictionary: {},
}));

/** What arrived when these of the records did. */
function arrived(...sequences: number[]) {
  const payloads = sequences.map((at) => new TextEncoder().encode(`6,${at},${at},-;${WORDS[at]}\n`));
  return { arrived: buildLedger(payloads.map((payload, atMs) => ({ payload, atMs }))) };
}

test.each([
  ['everything', [0, 1, 2, 3], { written: 4, all: 4, first: 4, panic: true }],
  ['the first ones', [0, 1], { written: 4, all: 2, first: 2, panic: false }],
  ['all but one in the middle', [0, 2, 3], { written: 4, all: 3, first: 1, panic: true }],
  ['nothing', [], { written: 4, all: 0, first: 0, panic: false }],
])('what was carried when %s arrived', (_, sequences, expected) => {
  expect(carried(written, arrived(...sequences))).toEqual(expected);
});

test('a figure says under which conditions it was measured', () => {
  const carriedOf = { written: 101, all: 32, first: 32, panic: false };
  const point = { 'NIC stands still, ms': 10 };
  const [of, figure] = carriedFigures(carriedOf, point);
  expect(of).toEqual({ name: 'messages written', unit: 'messages', value: 101, ...point });
  expect(figure).toEqual({ name: 'messages carried', unit: 'messages', value: 32, ...point });
});

test('a flood’s lines are counted once each, by number, whatever stands between them', () => {
  const pattern = /line (\d+)\/3/g;
  expect(linesIn(arrivedTexts(arrived(0, 2, 2, 3)), pattern)).toEqual(new Set([1, 3]));
  expect(linesIn(['line 1/3\nline 2/3 line 2/4'], pattern)).toEqual(new Set([1, 2]));
});
