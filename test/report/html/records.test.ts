import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lost, record, verdict } from '../build.ts';
import { openAll, openPage } from './browser.ts';
import { recordOf, timelineOf, writtenTo } from './pages.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'crashlab-page-'));
});
afterAll(() => rm(folder, { recursive: true }));

const loss = record(verdict('sysrq-crash', { wire: lost(1), differences: ['1 record did not arrive.'] }));
const missing = { wire: { state: 'missing', where: 'never sent' } } as const;
const some = timelineOf([
  recordOf(400, { text: 'the marker' }),
  recordOf(401, { text: '  Kernel panic - not syncing: x', section: 'headline', ...missing }),
  recordOf(402, { wire: { state: 'torn', copies: [{ ms: 4402.5, text: 'rec' }] } }),
  recordOf(403, { text: 'two\nlines <b>', section: 'registers' }),
  recordOf(404, { serial: { state: 'missing', where: 'not printed' } }),
  {
    sequence: 405,
    text: 'as it was',
    wire: { state: 'arrived', copies: [{ ms: 4405 }] },
    serial: { state: 'unknown' },
  },
]);
const TEXTS =
  'the marker\n  Kernel panic - not syncing: x\nrecord 402\ntwo\nlines <b>\nrecord 404\nas it was\n';

const many = timelineOf(Array.from({ length: 300 }, (_, at) => recordOf(at)));
const written = (timeline = some) => writtenTo(folder, loss, timeline);

/** What the clipboard has, as an insecure page can tell it as well. */
async function pasted(page: Page): Promise<string> {
  await page.evaluate(
    `document.body.prepend(Object.assign(document.createElement('textarea'), { id: 'paste' }))`,
  );
  await page.locator('#paste').focus();
  await page.keyboard.press('Control+V');
  return page.locator('#paste').inputValue();
}

describe('the records of a page', { timeout: 60_000 }, () => {
  test('are copied as their texts, a record a line, and what one says is none of ours', async () => {
    const { file } = await written();
    await using opened = await openPage(file);
    const { page, noise } = opened;
    await openAll(page);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy as text' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(TEXTS);
    expect(noise).toEqual([]);
  });

  test('are copied over plain http too, and where that fails it is said', async () => {
    const { file } = await written();
    await using opened = await openPage(file);
    const { page, noise } = opened;
    const body = await readFile(file, 'utf8');
    await page.route('http://lab.example/', (route) => route.fulfill({ contentType: 'text/html', body }));
    await page.goto('http://lab.example/');
    expect(await page.evaluate('isSecureContext')).toBe(false);
    await openAll(page);
    await page.getByRole('button', { name: 'Copy as text' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await pasted(page)).toBe(TEXTS);
    await page.evaluate('document.execCommand = () => false');
    await page.getByRole('button', { name: 'Copy as text' }).click();
    await page.getByRole('button', { name: 'It could not be copied' }).waitFor();
    expect(noise).toEqual([]);
  });

  test('stand under their heads however far they are scrolled', async () => {
    const { file } = await written(many);
    await using opened = await openPage(file, { viewport: { width: 1280, height: 900 } });
    const { page } = opened;
    await page.goto(`file://${file}#run-0-150`);
    const top = () =>
      page.evaluate<string>(`document.elementFromPoint(300, 8).closest('.row').classList.value`);
    await expect.poll(top).toBe('row head');
    // And what was asked for is not under the heads.
    const row = await page.locator('#run-0-150').boundingBox();
    const head = await page.locator('.row.head').boundingBox();
    expect(row?.y).toBeGreaterThanOrEqual((head?.y ?? Infinity) + (head?.height ?? 0));
  });

  test('that are not on the serial console stand out, and have a filter of their own', async () => {
    const { file } = await written();
    await using opened = await openPage(file);
    const { page } = opened;
    await openAll(page);
    const shown = () => page.locator('.row:not(.head):visible > a').allInnerTexts();
    const paper = (place: string) =>
      page.evaluate<string>(`getComputedStyle(document.querySelector('${place}')).backgroundColor`);
    expect(await paper('#run-0-404 .serial')).not.toBe(await paper('#run-0-403 .serial'));
    expect(await paper('#run-0-405 .serial')).toBe(await paper('#run-0-403 .serial'));
    await page.getByLabel('only what did not arrive on the wire').check();
    expect(await shown()).toEqual(['401', '402']);
    await page.getByLabel('only what is not on the serial console').check();
    expect(await shown()).toEqual(['401', '402', '404']);
    await page.getByLabel('only what did not arrive on the wire').uncheck();
    expect(await shown()).toEqual(['404']);
  });

  test('an address that is none of ours is no error', async () => {
    const { file } = await written();
    await using opened = await openPage(file);
    const { page, noise } = opened;
    await page.goto('about:blank');
    await page.goto(`file://${file}#%E0%A4%A`);
    await openAll(page);
    expect(await page.getByRole('button', { name: 'Copy as text' }).isVisible()).toBe(true);
    expect(noise).toEqual([]);
  });
});
