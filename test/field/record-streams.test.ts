import { expect, test } from 'vitest';
import { RecordStreams } from '../../harness/field/record-streams.ts';

const record = (number: number, timestampUs: number) => `6,${number},${timestampUs},-;record ${number}\n`;

test('what waited when the numbers begin anew, and what was lost before it, is the first log’s', () => {
  const streams = new RecordStreams();
  const payloads = [
    ...[0, 1, 2, 4].map((number) => record(number, 1000 + number)),
    ...[0, 1, 2, 3].map((number) => record(number, 10 + number)),
  ];
  const lines = payloads.flatMap((payload, at) => streams.take(payload, 'm', at + 1));
  lines.push(...streams.finish());
  expect(lines.filter(({ host }) => host === 'm').map(({ text, lostBefore }) => [text, lostBefore])).toEqual([
    ['record 0', undefined],
    ['record 1', undefined],
    ['record 2', undefined],
    ['record 4', 1],
  ]);
  expect(lines.filter(({ host }) => host !== 'm')).toHaveLength(4);
  expect([...streams.transports.values()].map(({ missing }) => missing.ranges)).toEqual([
    [{ from: 3, to: 3 }],
    [],
  ]);
});
