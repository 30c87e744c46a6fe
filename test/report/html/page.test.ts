import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { RecordEvent } from '../../../harness/lab/record.ts';
import {
  begin,
  complete,
  hostileRecord,
  hostileText,
  infrastructure,
  lost,
  record,
  skipped,
  verdict,
} from '../build.ts';
import { CELL, REAL, recordOf, sixty, timelineOf, writtenTo } from './pages.ts';
import { firstPaintMs, openAll, openPage, violations } from './browser.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'crashlab-page-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Two that arrived, one that is missing, one torn, one in fragments, one twice, one that nobody knows. */
const usual = timelineOf([
  recordOf(400, { text: 'the marker' }),
  recordOf(401, {
    text: 'Kernel panic - not syncing: x',
    section: 'headline',
    wire: { state: 'missing', where: 'never sent' },
  }),
  recordOf(402, { wire: { state: 'torn', copies: [{ ms: 4402.5, text: 'rec' }] } }),
  recordOf(403, { wire: { state: 'arrived', copies: [{ ms: 4403.5, fragments: 3 }] } }),
  recordOf(404, { wire: { state: 'arrived', copies: [{ ms: 4404.5 }, { ms: 4405.5 }], flaws: ['doubled'] } }),
  recordOf(405, { text: 'two\nlines', serial: { state: 'unknown' } }),
]);

const loss = verdict('sysrq-crash', { wire: lost(1), differences: ['1 record did not arrive.'] });
const known = { wire: lost(3), expect: { wire: 'incomplete', because: 'it is known' } } as const;
const all = record(
  verdict('survived'),
  loss,
  verdict('known', known),
  verdict('repeated'),
  verdict('repeated', { repetition: 2, wire: lost(2), differences: ['2 records did not arrive.'] }),
  infrastructure('silent'),
  skipped('lacking', 'No such card.'),
);

const written = (events: readonly RecordEvent[], timeline = usual) => writtenTo(folder, events, timeline);

describe('a page', { timeout: 60_000 }, () => {
  test('tells what is wrong first, and leads there', async () => {
    const { file } = await written(all);
    await using opened = await openPage(file);
    const { page, noise } = opened;
    expect(await page.getByRole('listitem').filter({ hasText: 'it is known' }).innerText()).toBe(
      'it is known (known)',
    );
    expect(await page.locator('.banner').innerText()).toBe('✗ 2 of 7 runs are not as expected');
    const fields = await page.locator('tbody tr').allInnerTexts();
    expect(fields.map((row) => row.replaceAll(/\s+/g, ' '))).toEqual([
      'survived ✓ complete',
      'sysrq-crash ✗ lost 1/59',
      'known ○ lost 3/59',
      'repeated ✗ complete 1/2, lost 1/2 (2 records)',
      'silent ? no verdict',
      'lacking – skipped',
    ]);
    expect(await page.locator('main > ul').first().locator('li').allInnerTexts()).toEqual([
      '✗ sysrq-crash: lost 1/59. 1 record did not arrive.',
      '✗ repeated: complete 1/2, lost 1/2 (2 records). 2 records did not arrive.',
      expect.stringMatching(/^\? silent: no verdict. GUEST_SILENT/),
    ]);
    await page.getByRole('link', { name: '✗ lost 1/59', exact: true }).click();
    await expect
      .poll(() => page.locator('details[open] summary').allInnerTexts())
      .toEqual(['✗ lost 1/59, unexpectedly sysrq-crash · #1']);
    expect(noise).toEqual([]);
  });

  test('has each record side by side: written, on the wire, on the serial console', async () => {
    const { file } = await written(record(loss));
    await using opened = await openPage(file);
    const { page, noise } = opened;
    await page.locator('summary').click();
    const rows = await page.locator('.row:not(.head)').allInnerTexts();
    expect(rows.map((row) => row.replaceAll(/\s+/g, ' '))).toEqual([
      '400 4.400000 the marker ✓ +400 µs ✓ +1.0 ms',
      '401 4.401000 headlineKernel panic - not syncing: x ✗ missing: never sent ✓ +1.0 ms',
      '402 4.402000 record 402 as it came: rec ✗ torn +500 µs ✓ +1.0 ms',
      '403 4.403000 record 403 ✓ +500 µs, 3 fragments ✓ +1.0 ms',
      '404 4.404000 record 404 ✓ +500 µs doubled, 2 times ✓ +1.0 ms',
      '405 4.405000 two lines ✓ +400 µs ? nobody knows',
    ]);
    expect(await page.locator('svg').getAttribute('aria-label')).toContain(
      'On the wire: 6 records: 4 arrived, 1 missing, 1 torn. On the serial console: 6 records: 5 arrived, 1 unknown.',
    );
    // A cross for what is missing or torn.
    expect((await page.locator('svg .gone').nth(1).getAttribute('d'))?.match(/m-10 0/g)).toHaveLength(2);
    await page.getByLabel('Search the records').fill('panic');
    expect(await page.locator('.row:not(.head):visible').count()).toBe(1);
    await page.getByLabel('Search the records').fill('');
    await page.getByLabel('only what did not arrive').check();
    expect(await page.locator('.row:not(.head):visible').count()).toBe(3);
    expect(noise).toEqual([]);
  });

  test('leads to a single record, to its evidence, and says how to run it again', async () => {
    const { file } = await written(record(loss));
    await using opened = await openPage(file);
    const { page } = opened;
    await page.goto(`file://${file}#run-0-403`);
    await expect.poll(() => page.locator('#run-0-403').isVisible()).toBe(true);
    const links = await page
      .locator('a[href^=evidence]')
      .evaluateAll((found) => found.map((link) => link.getAttribute('href')));
    expect(links).toEqual(['evidence/a%23b/wire.pcapng', 'evidence/a%23b/ring.txt']);
    // A record of anybody's is nothing to run unread.
    const evil = record(verdict('a b', { cell: { kernel: "x'; touch /tmp/y #" } }));
    expect((await written(evil)).markup).toContain(
      'run &#39;a b&#39; --kernel &#39;x&#39;\\&#39;&#39;; touch /tmp/y #&#39;',
    );
    expect(await page.locator('p code').innerText()).toBe(
      'crashlab run sysrq-crash --kernel 6.1.0-56-cloud-amd64 --arch amd64 --nic virtio-net --vcpus 1 --panic 0 --format extended',
    );
  });

  test('is read without scripts, on a phone, and in the dark', async () => {
    const { file } = await written(all);
    await using opened = await openPage(file, {
      javaScriptEnabled: false,
      viewport: { width: 360, height: 740 },
      colorScheme: 'dark',
    });
    const { page } = opened;
    const run = page.locator('details.run').nth(1);
    await run.locator('summary').click();
    expect(await run.getByText('✗ missing').isVisible()).toBe(true);
    const box = await page.locator('body').boundingBox();
    expect(box?.width).toBeLessThanOrEqual(360);
  });

  test('is printed with what is not as expected and what was opened, its drawings whole', async () => {
    const whole = ['opened', 'closed'].map((name) => verdict(name));
    const { file } = await written(record(loss, ...whole));
    await using opened = await openPage(file, { viewport: { width: 662, height: 900 } });
    const { page } = opened;
    await page.locator('summary').nth(1).click();
    await page.emulateMedia({ media: 'print' });
    const shown = await page
      .getByText('✗ missing')
      .evaluateAll((found) => found.map((one) => one.checkVisibility({ contentVisibilityAuto: false })));
    expect(shown).toEqual([true, true, false]);
    expect(await page.locator('.tools').first().isVisible()).toBe(false);
    const widths = await page
      .locator('.scroll')
      .evaluateAll((boxes) => boxes.map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth));
    expect(widths.slice(0, 3)).toEqual([0, 0, 0]);
  });

  test('of 120 runs is printed on a few sheets', async () => {
    const runs = Array.from({ length: 119 }, (_, at) => verdict(`scenario-${at}`));
    const { file } = await written(record(loss, ...runs), sixty);
    await using opened = await openPage(file);
    const printed = await opened.page.pdf({ format: 'A4' });
    expect(printed.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length).toBeLessThan(15);
  });

  test.each(['light', 'dark'] as const)('has nothing that axe-core would change, %s', async (colorScheme) => {
    const { file } = await written(all);
    await using opened = await openPage(file, { colorScheme });
    expect(await violations(opened.page)).toEqual([]);
  });

  test('shows what a guest says and obeys none of it', async () => {
    const evil = [
      '<script>alert(1)</script><img src=x onerror=alert(2)>',
      '"><svg onload=alert(3)>',
      '</pre></div></details></style></script><iframe src="https://example.org/">',
      '\u001B]0;title\u0007\u001B[2J\u202Egnp.exe\u0000',
      'javascript:alert(4)',
      'x'.repeat(1 << 20),
    ];
    const timeline = timelineOf(
      evil.map((text, at) => recordOf(at, { text, wire: { state: 'torn', copies: [{ ms: 1, text }] } })),
    );
    const runs = evil.map((text) =>
      verdict(text.slice(0, 200), {
        wire: lost(2, () => text.slice(0, 200)),
        differences: [text],
        oops: { title: text, kind: text },
      }),
    );
    const { file, bytes } = await written(record(...runs), timeline);
    await using opened = await openPage(file);
    const { page, noise } = opened;
    await openAll(page);
    expect(await page.locator('script, iframe, img, object, embed').count()).toBe(1);
    expect(await page.locator('.said').nth(4).textContent()).toContain(
      String.raw`\x1b]0;title\x07\x1b[2J\u{202e}gnp.exe\x00`,
    );
    expect(bytes).toBeLessThan(20 << 20);
    expect(noise).toEqual([]);
  });

  test('a record that is not compared is no proof, one that came in 1000 ways is told in part', async () => {
    const timeline = timelineOf([
      recordOf(400),
      {
        sequence: 401,
        text: 'as it came',
        wire: { state: 'arrived', copies: [{ ms: 4402 }] },
        serial: { state: 'unknown' },
      },
      recordOf(402, {
        wire: {
          state: 'torn',
          copies: Array.from({ length: 1000 }, (_, at) => ({ ms: 1, text: `way ${at} ${'&'.repeat(4000)}` })),
        },
      }),
    ]);
    const { file, bytes } = await written(record(loss), timeline);
    expect(bytes).toBeLessThan(500_000);
    await using opened = await openPage(file);
    await openAll(opened.page);
    const told = await opened.page.locator('#run-0-401').innerText();
    expect(told.replaceAll(/\s+/g, ' ')).toBe('401 as it cameas it came ✓, not compared ? nobody knows');
  });

  test('is whole markup whatever a record says', async () => {
    const timelines = fc
      .array(fc.record({ text: hostileText, section: hostileText }), { maxLength: 4 })
      .map((records) => timelineOf(records.map((changes, at) => recordOf(at, changes))));
    await using opened = await openPage((await written(record())).file);
    const { page, noise } = opened;
    await fc.assert(
      fc.asyncProperty(hostileRecord, timelines, async (events, timeline) => {
        const { file } = await written(events, timeline);
        await page.goto(`file://${file}`);
        const runs = events.filter(({ type }) => type === 'run').length;
        expect(await page.locator('details.run').count()).toBe(runs);
        expect(await page.locator('script').count()).toBe(1);
        expect(await page.locator('footer').count()).toBe(1);
      }),
      { numRuns: 40 },
    );
    expect(noise).toEqual([]);
  });
});

const long = (letter: string) => letter.repeat(1 << 20);
const BECAUSE =
  'the dying CPU holds the transmit queue’s lock: netpoll finds it taken and gives up, silently (net/core/netpoll.c __netpoll_send_skb(); measured on 6.1, 6.12, 7.2)';

describe('a large one', { timeout: 120_000 }, () => {
  test('of 10 000 runs stays below 20 MB, and is there in a second', async () => {
    const runs = Array.from({ length: 10_000 }, (_, at) =>
      verdict(`oops-in-interrupt-napi-poll-${at % 100}`, {
        cell: { ...CELL, panic: at % 5 },
        repetition: Math.floor(at / 500) + 1,
        ...(at % 50 === 0
          ? { wire: lost(3), differences: ['3 records did not arrive.'] }
          : at % 50 === 7
            ? { wire: lost(50), expect: { wire: 'incomplete', because: BECAUSE } }
            : { wire: complete() }),
      }),
    );
    const { file, bytes, markup } = await writtenTo(folder, record(...runs), sixty, REAL);
    expect(bytes).toBeLessThan(20e6);
    // Each of them leads to its evidence.
    expect(markup.match(/href="evidence\/[^"]*(\/|wire\.pcapng)"/g)).toHaveLength(10_000);
    await using opened = await openPage(file);
    expect(await firstPaintMs(opened.page)).toBeLessThan(1000);
    expect(await opened.page.locator('details.run').count()).toBe(10_000);
  });

  test('whose every text is 1 MB is small, fast, and says where the rest is', async () => {
    const cell = { kernel: long('k'), arch: long('a'), nic: long('n') };
    const failed = infrastructure(long('s'), 'guest', cell);
    const runs = [
      verdict(long('s'), {
        cell,
        wire: { ...lost(30, () => long('l')), reason: long('r') },
        expect: { wire: 'complete', because: long('b') },
        oops: { kind: long('o'), title: long('t') },
        differences: [long('d')],
      }),
      verdict('known', { wire: lost(3), expect: { wire: 'incomplete', because: long('b') } }),
      skipped('lacking', long('m')),
      {
        ...failed,
        reason: {
          blame: 'guest' as const,
          code: long('c'),
          message: `${long('x')}\n${long('y')}`,
          advice: long('v'),
        },
      },
      { ...failed, measurements: [{ name: long('f'), unit: long('u'), value: 1, [long('g')]: long('h') }] },
    ];
    const [first, ...events] = record(...runs);
    const command = [long('q'), long('z')];
    const whole = [{ ...first, command, crashlab: long('v') }, begin(long('p')), ...events].map((event) =>
      v.parse(RecordEvent, event),
    );
    const text = {
      text: long('w'),
      section: long('j'),
      wire: { state: 'torn' as const, where: long('i'), flaws: [long('e')] },
    };
    const timeline = timelineOf([recordOf(1, text)]);
    timeline.head.moments.push({ ms: 4001, name: long('n') });
    const began = process.cpuUsage();
    const { file, bytes, markup } = await written(whole, timeline);
    // Not by the clock: a host that is shared has its own.
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(5000);
    expect(bytes).toBeLessThan(300_000);
    // How much more there is, is told of the text as it is in the record.
    const left = [...markup.matchAll(/\((\d+) more characters; the whole text/g)].map(([, count]) =>
      Number(count),
    );
    expect(Math.min(...left)).toBeGreaterThan(1e6);
    await using opened = await openPage(file);
    await openAll(opened.page);
    expect(await firstPaintMs(opened.page)).toBeLessThan(1000);
    expect(await opened.page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });

  test('of a run with 50 000 records has a page of its own for them, as fast', async () => {
    const many = timelineOf(
      Array.from({ length: 50_000 }, (_, at) =>
        recordOf(at, at % 1000 === 7 ? { wire: { state: 'missing', where: 'never sent' } } : {}),
      ),
    );
    const { file, bytes, pages } = await written(record(loss), many);
    expect(bytes).toBeLessThan(1e6);
    const [own] = pages;
    expect(own?.name).toBe('run-0.html');
    const beside = path.join(folder, 'own.html');
    await writeFile(beside, own?.markup ?? '');
    expect(Buffer.byteLength(own?.markup ?? '')).toBeLessThan(20e6);
    for (const each of [file, beside]) {
      await using opened = await openPage(each);
      expect(await firstPaintMs(opened.page)).toBeLessThan(1000);
      expect(opened.noise).toEqual([]);
    }
  });
});
