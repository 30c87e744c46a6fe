import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { matrix } from '../../../harness/report/html/matrix.ts';
import { complete, lost, record, start, verdict } from '../build.ts';
import { openPage } from './browser.ts';
import { sixty, writtenTo } from './pages.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'crashlab-page-'));
});
afterAll(() => rm(folder, { recursive: true }));

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 900 };
const KERNELS = ['6.1.0-56-cloud-amd64', '6.12.117+deb12-cloud-amd64', '7.2.13+deb14-cloud-amd64'];
const LONG = 'oops-in-interrupt-napi-poll'.repeat(8);

/** Cells across for three kernels, each with two formats, numbers of CPUs and of `panic=`; so many surprises. */
const wide = (surprises: number) => {
  const cells = KERNELS.flatMap((kernel) =>
    [0, 5].flatMap((panic) => [1, 2].map((vcpus) => ({ kernel, panic, vcpus }))),
  );
  const scenarios = ['sysrq-crash', 'nmi-panic', 'oops-in-interrupt-napi-poll', LONG];
  const wire = lost(3);
  const differences = ['The wire is incomplete: 56 of 59 records arrived whole and once; '.repeat(3)];
  return record(
    ...cells.flatMap((cell, across) =>
      scenarios.map((scenario, down) =>
        verdict(scenario, across * 4 + down < surprises ? { cell, wire, differences } : { cell }),
      ),
    ),
  );
};

/** Cells whose heads are narrower than what is said of them. */
const narrow = record(
  ...Array.from({ length: 12 }, (_, at) =>
    verdict('sysrq-crash', {
      cell: { vcpus: at + 1 },
      wire: { ...complete(), status: 'undecidable' },
      differences: ['Nobody knows.'],
    }),
  ),
);

/** Words that take more than one line, and do not have to. */
const BROKEN = `[...document.querySelectorAll('th, td')].flatMap((cell) => {
  const text = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  const broken = [];
  while (text.nextNode()) for (const { 0: word, index } of text.currentNode.data.matchAll(/[^\\s-]+/g)) {
    const range = document.createRange();
    range.setStart(text.currentNode, index);
    range.setEnd(text.currentNode, index + word.length);
    if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1) broken.push(word);
  }
  return broken;
})`;

describe('the table', { timeout: 60_000 }, () => {
  test.each([PHONE, DESKTOP])(
    'of many cells keeps its words whole and scrolls by itself, %o',
    async (viewport) => {
      const { file } = await writtenTo(folder, wide(0), sixty);
      const other = await writtenTo(folder, narrow, sixty);
      await using opened = await openPage(other.file, { viewport });
      const { page } = opened;
      expect(await page.evaluate(BROKEN)).toEqual([]);
      await page.goto(`file://${file}`);
      expect(await page.evaluate(BROKEN)).toEqual([]);
      expect(
        await page
          .locator('.scroll')
          .first()
          .evaluate((box) => box.scrollWidth > box.clientWidth),
      ).toBe(true);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      // What stays where it is while the table scrolls leaves room for it.
      for (const name of await page.locator('tbody th').all())
        expect((await name.boundingBox())?.width).toBeLessThan(Math.min(360, viewport.width / 2));
    },
  );

  test.each([PHONE, DESKTOP])(
    'is on the first screen with 7 surprises and a short record, %o',
    async (viewport) => {
      const [, ...events] = wide(7);
      const { file } = await writtenTo(folder, [start(100), ...events], sixty);
      await using opened = await openPage(file, { viewport });
      const { page } = opened;
      const row = await page.locator('tbody tr').first().boundingBox();
      expect((row?.y ?? Infinity) + (row?.height ?? 0)).toBeLessThan(viewport.height);
      expect(await page.locator('.brief li').count()).toBe(4);
      await page.getByRole('link', { name: '… and 4 more, below the table' }).click();
      expect(await page.locator('#not-as-expected + ul li').count()).toBe(7);
    },
  );

  test('is bounded where each scenario has a cell of its own, and says so', () => {
    const runs = Array.from({ length: 2000 }, (_, at) => verdict(`s${at}`, { cell: { kernel: `k${at}` } }));
    const { markup } = matrix(runs, () => 'run-0');
    expect(markup.length).toBeLessThan(3e6);
    expect(markup).toContain('1975 scenarios and 0 cells more are only among the runs');
  });
});
