import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLI, finished } from '../host/program.ts';
import { lost, record, toLines, verdict } from '../report/build.ts';
import { openPage, violations } from '../report/html/browser.ts';

let folder: string;
const file = (name: string) => path.join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'crashlab-compare-'));
  const worse = verdict('sysrq-crash', { wire: lost(3), differences: ['3 records did not arrive.'] });
  await writeFile(file('base.jsonl'), toLines(record(verdict('sysrq-crash'), verdict('<b>gone'))));
  await writeFile(file('new.jsonl'), toLines(record(worse)));
});
afterAll(() => rm(folder, { recursive: true }));

const compare = (...args: string[]) => finished([process.execPath, CLI, 'compare', ...args], {});

describe('crashlab compare', () => {
  test('ends with 1 where something got worse, else with 0', async () => {
    const worse = await compare(file('base.jsonl'), file('new.jsonl'));
    expect([worse.code, worse.stderr]).toEqual([1, '']);
    expect(worse.stdout).toMatch(/^Worse\n✗ sysrq-crash\n {2}complete, then lost 3\/59/);
    expect(worse.stdout).toMatch(/1 regression\n$/);
    const better = await compare(file('new.jsonl'), file('base.jsonl'));
    expect(better.code).toBe(0);
    expect(better.stdout).toContain('Better');
    expect((await compare(file('new.jsonl'), file('new.jsonl'))).stdout).toBe(
      '1 compared, 1 the same: no regression\n',
    );
  });

  test('as JSON, and as a page', async () => {
    const page = file('changes.html');
    const { code, stdout } = await compare('--json', '--html', page, file('base.jsonl'), file('new.jsonl'));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      regression: true,
      experiments: [
        {
          scenario: 'sysrq-crash',
          change: 'worse',
          by: 'not whole',
          base: { total: 1, bad: 0 },
          new: { total: 1, bad: 1 },
        },
        { scenario: '<b>gone', change: 'vanished', new: null },
      ],
    });
    expect(stdout).not.toMatch(/(?!\n)\p{C}/u);
    expect(await readFile(page, 'utf8')).toContain('&lt;b&gt;gone');
    await using opened = await openPage(page);
    expect(await opened.page.locator('.banner').innerText()).toContain('1 regression');
    expect(opened.noise).toEqual([]);
    expect(await violations(opened.page)).toEqual([]);
  });

  test('writes over neither of them, nor to standard output', async () => {
    for (const page of [file('new.jsonl'), '-'])
      expect((await compare(file('base.jsonl'), file('new.jsonl'), '--html', page)).code).toBe(2);
    expect(await readFile(file('new.jsonl'), 'utf8')).toContain('"type":"start"');
  });

  test('a file that is no record is a sentence', async () => {
    expect(await compare(file('base.jsonl'), file('nothing.jsonl'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no run record at'),
    });
  });
});
