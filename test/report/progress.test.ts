import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordEvent } from '../../harness/lab/record.ts';
import { columns } from '../../harness/report/layout.ts';
import { plainLine } from '../../harness/report/plain.ts';
import { advance, type Progress, progressLine, startProgress } from '../../harness/report/progress.ts';
import { begin, end, hostileRecord, infrastructure, lost, start, verdict } from './build.ts';

const booting: RecordEvent = { type: 'template', kernel: '6.1.0', state: 'booting' };
const ready: RecordEvent = { type: 'template', kernel: '6.1.0', state: 'ready', seconds: 6.24 };

/** Each event with the second in which it happened. */
function after(...events: [seconds: number, event: RecordEvent][]): Progress {
  return events.reduce(
    (progress, [seconds, each]) => advance(progress, each, seconds * 1000),
    startProgress(0),
  );
}

describe('the status line', () => {
  test('tells what boots before anything runs', () => {
    expect(progressLine(after([0, start(16)], [0, booting]), 4200, 80)).toBe('0/16 · 4.2 s · booting 6.1.0');
  });

  test('tells what runs once the template is ready', () => {
    const progress = after(
      [0, start(16)],
      [0, booting],
      [6, ready],
      [6, begin('sysrq-c')],
      [6, begin('oops')],
    );
    expect(progressLine(progress, 7000, 80)).toBe('0/16 · 7.0 s · sysrq-c, oops');
  });

  test('guesses the time left from the pace of the runs, not from the boot', () => {
    const progress = after(
      [0, start(10)],
      [60, begin('a')],
      [61, verdict('a')],
      [61, begin('b')],
      [62, verdict('b')],
    );
    expect(progressLine(progress, 62_000, 80)).toBe('2/10 · 62.0 s, about 10 s left');
  });

  test('guesses nothing from a single run', () => {
    const progress = after([0, start(10)], [0, begin('a')], [1, verdict('a')]);
    expect(progressLine(progress, 1000, 80)).toBe('1/10 · 1.0 s');
  });

  test('counts what is not as expected', () => {
    const bad = verdict('a', { wire: lost(1), differences: ['Lost.'] });
    expect(progressLine(after([0, start(1)], [0, begin('a')], [1, bad]), 1000, 80)).toBe(
      '1/1 · 1 unexpected · 1.0 s',
    );
  });

  test('counts the names that do not fit', () => {
    const names = ['sysrq-c', 'oops-hardirq', 'nmi-panic'];
    const progress = after([0, start(9)], ...names.map((name): [number, RecordEvent] => [0, begin(name)]));
    expect(progressLine(progress, 1000, 40)).toBe('0/9 · 1.0 s · sysrq-c, oops-hardirq +1');
    expect(progressLine(progress, 1000, 26)).toBe('0/9 · 1.0 s · sysrq-c +2');
    expect(progressLine(progress, 1000, 16)).toBe('0/9 · 1.0 s · s…');
  });

  test('forgets what was under way when the lab ends', () => {
    const progress = after([0, start(9)], [0, begin('a')], [1, end(1, true)]);
    expect(progressLine(progress, 1000, 80)).toBe('0/9 · 1.0 s');
  });

  test('stays on its line whatever the names are', () => {
    fc.assert(
      fc.property(hostileRecord, fc.integer({ min: 1, max: 100 }), (events, width) => {
        const begun = events
          .filter((each) => each.type === 'run')
          .map(({ id, scenario, cell, repetition }): RecordEvent => ({
            type: 'begin',
            id,
            scenario,
            cell,
            repetition,
          }));
        const progress = [...events.slice(0, -1), ...begun].reduce(
          (so, each) => advance(so, each, 0),
          startProgress(0),
        );
        const line = progressLine(progress, 5000, width);
        expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
        expect(columns(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('the plain lines of a pipe', () => {
  const cell = '6.1.0-56-cloud-amd64 · amd64 · virtio-net · 1 vCPU · panic=0 · extended';

  test.each<[string | undefined, RecordEvent]>([
    ['2 runs planned · QEMU 7.2.22, tcg', start(2)],
    ['template 6.1.0: booting', booting],
    ['template 6.1.0: ready after 6.2 s', ready],
    [undefined, begin('sysrq-c')],
    [`✓ complete, as expected: sysrq-c · ${cell} · #1 · 0.4 s`, verdict('sysrq-c')],
    [`? no verdict, GUEST_SILENT: sysrq-c · ${cell} · #1 · 30.0 s`, infrastructure('sysrq-c')],
    [undefined, end()],
  ])('say %j', (line, each) => {
    expect(plainLine(each)).toBe(line);
  });

  test('are single lines without control characters', () => {
    fc.assert(
      fc.property(hostileRecord, (events) => {
        expect(events.map((each) => plainLine(each) ?? '').join('')).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
      }),
    );
  });
});
