import { expect, test } from 'vitest';
import { Sender, type SenderCounts } from '../../harness/field/listen/sender.ts';
import { columns } from '../../harness/report/layout.ts';
import { type LiveSender, renderLive } from '../../harness/report/live.ts';
import { painter } from '../../harness/report/paint.ts';

const counts = (changes: Partial<SenderCounts> = {}): SenderCounts => ({
  ...new Sender().counts,
  ...changes,
});
const sender = (changes: Partial<LiveSender>): LiveSender => ({
  label: '10.0.0.1:6665',
  counts: counts(),
  lastMs: 0,
  crash: null,
  ...changes,
});
const layout = { nowMs: 10_000, width: 80, height: 24, paint: painter(false) };
const before = { atMs: 8000, records: new Map([['10.0.0.1:6665', 100]]) };

test('each sender has its records, what came a second, what was lost, and its last crash', () => {
  const quiet = sender({ label: '[fd00::1]:6665', lastMs: 9900, counts: counts({ records: 7 }) });
  const dead = sender({
    counts: counts({ records: 300, missing: 12, torn: 1, crashes: 2 }),
    lastMs: 7000,
    crash: 'BUG: \u001B[2Jnull',
  });
  expect(renderLive([dead, quiet], before, layout).lines).toEqual([
    'sender           records a second missing torn   heard',
    '[fd00::1]:6665         7        4       0    0     now',
    String.raw`10.0.0.1:6665        300      100      12    1     3 s  2 crashes, last: BUG: \…`,
  ]);
});

test('the next call’s rates are what came since', () => {
  const first = renderLive([sender({ counts: counts({ records: 500 }) })], before, layout);
  const next = renderLive([sender({ counts: counts({ records: 600 }) })], first.before, {
    ...layout,
    nowMs: 11_000,
  });
  expect(next.lines[1]).toMatch(/ 600 +100 /);
});

test('never more lines than the terminal has, those last that were heard last ago', () => {
  const many = Array.from({ length: 50 }, (_, at) => sender({ label: `10.0.0.${at}:1`, lastMs: at }));
  const { lines } = renderLive(many, before, { ...layout, height: 10, width: 40 });
  expect(lines).toHaveLength(10);
  expect(lines[1]).toContain('10.0.0.49:1');
  expect(lines.at(-1)).toBe('… and 42 more');
  expect(lines.every((line) => columns(line) <= 40)).toBe(true);
});
