import { describe, expect, test } from 'vitest';
import type { CrashlabError } from '../../harness/host/error.ts';
import { parseRecord } from '../../harness/report/read.ts';
import { begin, infrastructure, lost, record, start, toLines, verdict } from './build.ts';

function failureOf(text: string): CrashlabError {
  const parsed = parseRecord(text);
  if (!('failure' in parsed)) throw new Error('it was read');
  expect(parsed.failure.blame).toBe('usage');
  return parsed.failure;
}

const events = record(verdict('sysrq-c', { wire: lost(3) }), infrastructure('nmi-panic'));
const text = toLines(events);

describe('reading a run record', () => {
  test('gives back the events as they were written', () => {
    expect(parseRecord(text)).toEqual({ events, truncated: false });
  });

  test('reads a whole last line that lacks only its newline', () => {
    expect(parseRecord(text.trimEnd())).toEqual({ events, truncated: false });
  });

  test('tolerates a last line that was cut anywhere in the middle, and says so', () => {
    const whole = toLines(events.slice(0, -1));
    const last = JSON.stringify(events.at(-1));
    for (let length = 1; length < last.length; length += 1) {
      expect(parseRecord(whole + last.slice(0, length))).toEqual({
        events: events.slice(0, -1),
        truncated: true,
      });
    }
  });

  test('reads a record of version 1 with fields it does not know', () => {
    const [first, ...rest] = events;
    const lines = `${JSON.stringify({ ...first, colour: 'blue' })}\n${toLines(rest)}`;
    expect(parseRecord(lines)).toEqual({ events, truncated: false });
  });

  test.each(['', '{"type":"sta'])('says that a record of %j is empty', (nothing) => {
    expect(failureOf(nothing).code).toBe('RECORD_EMPTY');
  });

  test('says in a sentence that a record is newer than it can read', () => {
    const failure = failureOf(toLines([start(1)]).replace('"version":1', '"version":2'));
    expect(failure.code).toBe('RECORD_NEWER');
    expect(failure.message).toBe('The run record has version 2; this crashlab reads version 1.');
  });

  test.each([
    ['is not JSON', 'not json\n', 'not JSON'],
    ['is empty', '\n', 'not JSON'],
    ['is of an unknown kind', '{"type":"party"}\n', 'type: '],
    ['lacks a field', toLines([begin('a')]).replace('"nic":"virtio-net",', ''), 'cell.nic: '],
    ['has a time that is no number', toLines([verdict('a')]).replace('0.41', '1e999'), 'seconds: '],
    [
      'calls a failure expected',
      toLines([infrastructure('a')]).replace('"expected":false', '"expected":true'),
      'expected: ',
    ],
    ['starts a second record', toLines([start(1)]), 'one start event'],
    ['tells a run again', toLines([verdict('sysrq-c')]), 'there twice'],
  ])('names the line that %s', (_, line, why) => {
    const failure = failureOf(toLines(events.slice(0, 3)) + line + toLines(events.slice(3)));
    expect(failure.code).toBe('RECORD_BROKEN');
    expect(failure.message).toMatch(/^Line 4 of the run record/);
    expect(failure.message).toContain(why);
  });

  test('does not take another JSON lines file for a run record', () => {
    expect(failureOf('{"level":30,"msg":"hello"}\n').message).toMatch(/^Line 1 /);
    expect(failureOf(toLines(events.slice(1))).message).toMatch(/^Line 1 .*start event/);
  });

  test('shows nothing of a hostile record as it is', () => {
    const failure = failureOf(`${JSON.stringify({ type: `\u001b[2J${'x'.repeat(5000)}` })}\n`);
    expect(failure.message).not.toContain('\u001b');
    expect(failure.message.length).toBeLessThan(400);
  });
});
