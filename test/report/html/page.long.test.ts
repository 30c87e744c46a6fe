import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lost, record, verdict } from '../build.ts';
import { CELL, REAL, recordOf, sixty, timelineOf, writtenTo } from './pages.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'crashlab-page-'));
});
afterAll(() => rm(folder, { recursive: true }));

const loss = verdict('sysrq-crash', { wire: lost(1), differences: ['1 record did not arrive.'] });

describe('a page', () => {
  test('of 10 000 runs that all lost something is bounded, pages beside it and all', async () => {
    const runs = Array.from({ length: 10_000 }, (_, at) =>
      verdict(`oops-in-interrupt-napi-poll-${at % 50}`, {
        cell: CELL,
        repetition: at + 1,
        wire: lost(3),
        differences: ['3 records did not arrive.'],
      }),
    );
    const { bytes, pages } = await writtenTo(folder, record(...runs), sixty, REAL);
    expect(bytes).toBeLessThan(20e6);
    expect(pages.length).toBeLessThanOrEqual(500);
  });

  test('of a run that lost 60 000 records says how many it does not show, the last ones shown', async () => {
    const text = 'x'.repeat(100);
    const gone = timelineOf(
      Array.from({ length: 60_000 }, (_, at) =>
        recordOf(at, { text, wire: { state: 'missing', where: 'never sent' } }),
      ),
    );
    const { pages } = await writtenTo(folder, record(loss), gone);
    const own = pages[0]?.markup ?? '';
    const shown = own.match(/<div class="row lost"/g)?.length ?? 0;
    const hidden = [...own.matchAll(/… (\d+) records? not shown here/g)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    );
    expect(shown + hidden).toBe(60_000);
    expect(hidden).toBeGreaterThan(0);
    expect(own).toContain('id="run-0-59999"');
  });
});
