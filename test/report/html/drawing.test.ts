import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Timeline } from '../../../harness/lab/timeline.ts';
import { drawTimeline } from '../../../harness/report/html/drawing.ts';
import { lost, record, verdict } from '../build.ts';
import { openPage } from './browser.ts';
import { recordOf, timelineOf, writtenTo } from './pages.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'crashlab-page-'));
});
afterAll(() => rm(folder, { recursive: true }));

const TRIGGER = { ms: 4041, name: 'echo c > /proc/sysrq-trigger' };
const END = { ms: 9500.25, name: 'the guest resets or powers off' };
const act = (ms: number, at: number) => ({
  ms,
  name: `echo ${at} > /sys/kernel/config/netconsole/t/enabled`,
});

const timeline = (moments: Timeline['head']['moments']): Timeline => {
  const all = timelineOf(Array.from({ length: 60 }, (_, at) => recordOf(at)));
  return { ...all, head: { ...all.head, moments } };
};

/** Twelve commands within 12 ms, then the trigger and the end. */
const close = timeline([...Array.from({ length: 12 }, (_, at) => act(4010 + at, at)), TRIGGER, END]);

const words = (of: Timeline) =>
  [...drawTimeline(of, 'bad').markup.matchAll(/class="words"[^>]*>([^<]*)</g)].map(([, text]) => text);

/** Pairs of words of the drawing that lie on each other. */
const OVERLAPS = `(() => {
  const all = [...document.querySelectorAll('svg text')].map((text) => ({ text: text.textContent, ...text.getBoundingClientRect().toJSON() }));
  const lie = (a, b) => a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom;
  return all.flatMap((a, at) => all.slice(at + 1).flatMap((b) => (lie(a, b) ? [a.text + ' / ' + b.text] : [])));
})()`;

describe('the drawing of a run', { timeout: 60_000 }, () => {
  test('names the marker, the first act, the trigger and what QEMU saw; close ones share words', () => {
    const told = words(close);
    expect(told.slice(0, 2)).toEqual(['marker', 'echo 0 &gt; /sys/kernel/config/netconsole/…']);
    expect(told.slice(-2)).toEqual(['echo c &gt; /proc/sysrq-trigger', 'the guest resets or powers off']);
    const shared = told.flatMap((text) =>
      /^\d+ acts$/.test(text ?? '') ? [Number.parseInt(text ?? '', 10)] : [],
    );
    const own = told.filter((text) => text?.startsWith('echo'));
    expect(shared.length).toBeGreaterThan(0);
    expect(shared.reduce((sum, count) => sum + count, own.length)).toBe(13);
  });

  test('tells the trigger from what is done after the end', () => {
    const later = Array.from({ length: 40 }, (_, at) => ({ ms: 9600 + at, name: `wire: link up ${at}` }));
    const told = words(
      timeline([...Array.from({ length: 40 }, (_, at) => act(4010, at)), TRIGGER, END, ...later]),
    );
    expect(told).toContain('echo c &gt; /proc/sysrq-trigger');
    expect(told).toContain('the guest resets or powers off');
    expect(told.at(-1)).toBe('wire: link up 39');
  });

  test('names few acts each', () => {
    expect(words(timeline([act(4010, 1), act(4020, 2), act(4030, 3), TRIGGER]))).toHaveLength(5);
    expect(words(timeline([]))).toEqual(['marker']);
  });

  test.each([
    ['close acts', close],
    [
      'all at once',
      timeline([
        ...Array.from({ length: 9 }, (_, at) => act(4000, at)),
        { ...TRIGGER, ms: 4000 },
        { ...END, ms: 4000 },
      ]),
    ],
    ['many pauses', timeline([0, 1, 2, 3, 4].map((at) => act(4100 + at * 2000, at)))],
    [
      'one instant',
      {
        ...timelineOf([recordOf(1, { ms: 4000, wire: { state: 'missing' }, serial: { state: 'missing' } })]),
        head: { ...close.head, moments: [{ ms: 4000, name: '漢字'.repeat(40) }] },
      },
    ],
  ] satisfies [string, Timeline][])(
    'has no words that lie on each other, or outside: %s',
    async (_, drawn) => {
      const loss = verdict('sysrq-crash', { wire: lost(1), differences: ['1 record did not arrive.'] });
      const { file } = await writtenTo(folder, record(loss), drawn);
      await using opened = await openPage(file, { viewport: { width: 390, height: 844 } });
      const { page } = opened;
      await page.locator('summary').click();
      expect(await page.evaluate(OVERLAPS)).toEqual([]);
      const box = await page.locator('svg').boundingBox();
      for (const text of await page.locator('svg text').all()) {
        const own = await text.boundingBox();
        expect(own?.x).toBeGreaterThanOrEqual(box?.x ?? Infinity);
        expect((own?.x ?? 0) + (own?.width ?? 0)).toBeLessThanOrEqual((box?.x ?? 0) + (box?.width ?? 0));
        // On a phone it is read by scrolling, not by a glass.
        expect(own?.height).toBeGreaterThan(11);
      }
    },
  );
});
