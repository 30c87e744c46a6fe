import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Evidence } from '../../harness/lab/evidence.ts';
import { timelineOf } from '../../harness/lab/build-timeline.ts';
import { parseTimeline, renderTimeline } from '../../harness/lab/timeline.ts';
import { buildLedger } from '../../harness/netconsole/ledger.ts';
import type { PrintkRecord } from '../../harness/printk/record.ts';
import { judgeRecords } from '../../harness/verdict/records.ts';
import { judgeText, printedLines } from '../../harness/verdict/text.ts';
import type { Truth } from '../../harness/verdict/truth.ts';

const TEXTS = [
  'marker',
  'Kernel panic - not syncing: x',
  'CPU: 0 PID: 1 Comm: init',
  ' foo+0x1/0x2',
  'the last',
];
const records = TEXTS.map((text, at): PrintkRecord => ({
  sequence: 400 + at,
  timestampUs: 5_000_000 + at * 1000,
  facility: 0,
  level: 6,
  flags: 0,
  caller: 'T1',
  finalised: true,
  text,
  dictionary: {},
}));
const truth = (changes: Partial<Truth> = {}): Truth => ({
  marker: 'marker',
  records,
  overwritten: [],
  unfinished: [],
  ...changes,
});
/** The guest's clock stood at 0 then. */
const BOOTED_MS = 1_000_000;

/** Each record a millisecond after it was written on the wire, two on the serial console; but for some. */
function evidence({ lost = [] as number[], basic = false } = {}): Evidence {
  const came = records.filter(({ sequence }) => !lost.includes(sequence));
  const payloads = came.map((record) => ({
    payload: new TextEncoder().encode(
      basic
        ? `${printedLines(record).join('\n')}\n`
        : `6,${record.sequence},${record.timestampUs},-;${record.text}\n`,
    ),
    atMs: BOOTED_MS + record.timestampUs / 1000 + 1,
  }));
  let serial = 'firmware\r\n';
  const serialMarks = records.map((record) => {
    serial += `${printedLines(record).join('\r\n')}\r\n`;
    return { length: serial.length, atMs: BOOTED_MS + record.timestampUs / 1000 + 2 };
  });
  return {
    ring: { records, unfinished: [], textLost: [] },
    wire: buildLedger(payloads),
    sent: null,
    serial,
    serialMarks,
    frames: [],
  };
}

function timeline(seen: Evidence, what = truth(), basic = false) {
  const wire = basic ? judgeText(what, seen.wire.basicText) : judgeRecords(what, seen.wire);
  const serial = judgeText(what, seen.serial);
  return timelineOf(what, seen, { wire, serial }, [{ atMs: BOOTED_MS + 5000.5, name: 'trigger' }]);
}

describe.each([
  ['extended', false],
  ['basic', true],
])('of a run in the %s format', (_, basic) => {
  test('has the time of each record at each witness, by the guest’s clock', () => {
    const { head, records: told } = timeline(evidence({ basic }), truth(), basic);
    // What was seen the soonest counts as seen when it was written: a millisecond after it here.
    expect(head).toMatchObject({ records: 5, moments: [{ ms: 4999.5, name: 'trigger' }] });
    expect(told[1]).toEqual({
      sequence: 401,
      ms: 5001,
      level: 6,
      caller: 'T1',
      text: 'Kernel panic - not syncing: x',
      section: 'headline',
      wire: { state: 'arrived', copies: [{ ms: 5001 }] },
      serial: { state: 'arrived', ms: 5002 },
    });
    expect(told.map(({ section }) => section)).toEqual([
      undefined,
      'headline',
      'process',
      'trace',
      undefined,
    ]);
  });

  test('a record that is missing has no time, and where it was lost', () => {
    const { records: told } = timeline(evidence({ lost: [402], basic }), truth(), basic);
    expect(told[2]).toMatchObject({
      wire: { state: 'missing', where: 'never sent' },
      serial: { state: 'arrived' },
    });
    expect(told[2]?.wire.copies).toBeUndefined();
  });
});

test('of what the ring buffer has overwritten only what came is known', () => {
  const [marker, second, ...rest] = records;
  const what = truth({
    records: [marker, ...rest].flatMap((one) => one ?? []),
    overwritten: [second?.sequence ?? 0],
  });
  const { records: told } = timeline(evidence(), what);
  expect(told[1]).toMatchObject({
    sequence: 401,
    text: 'Kernel panic - not syncing: x',
    wire: { state: 'arrived' },
    serial: { state: 'unknown' },
  });
  expect(told[1]?.ms).toBeUndefined();
});

test('comes back from its file as it was; of a torn or damaged one what is there, and that it is not all', () => {
  const whole = timeline(evidence({ lost: [403] }));
  const text = renderTimeline(whole);
  expect(parseTimeline(text)).toEqual({ timeline: whole });
  expect(parseTimeline('')).toEqual({ timeline: null, problem: 'is damaged' });
  expect(parseTimeline(text.replace('"version":1', '"version":2'))).toEqual({
    timeline: null,
    problem: 'is of a newer crashlab',
  });
  const damaged = parseTimeline(text.replace('"sequence":401', '"sequence":'));
  expect(damaged.timeline?.records.map(({ sequence }) => sequence)).toEqual([400, 402, 403, 404]);
  expect(damaged.problem).toBe('is damaged: 4 of its 5 records can be read');
  fc.assert(
    fc.property(fc.nat(text.length - 1), (cut) => {
      const { timeline: read, problem } = parseTimeline(text.slice(0, cut));
      const lines = text.slice(0, cut + 1).split('\n').length - 2;
      const torn = lines < 0 ? 'is damaged' : `is torn: ${lines} of its 5 records can be read`;
      expect(problem).toBe(cut === text.length - 1 ? undefined : torn);
      expect(read?.records.length ?? -1).toBe(Math.max(-1, lines));
    }),
  );
});
