import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportCommand, type ReportOptions } from '../../harness/commands/report.ts';
import { renderJson } from '../../harness/report/json.ts';
import { renderJunit } from '../../harness/report/junit.ts';
import { renderKtap } from '../../harness/report/ktap.ts';
import { end, infrastructure, lost, record, start, toLines, verdict } from './build.ts';

let folder: string;
let file: string;
const events = record(
  verdict('a'),
  verdict('b', { wire: lost(2), differences: ['Lost.'] }),
  infrastructure('c'),
);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crashlab-report-'));
  file = join(folder, 'run.jsonl');
  await writeFile(file, toLines(events));
});
afterAll(() => rm(folder, { recursive: true }));

async function report(path: string, options: ReportOptions = {}): Promise<{ code: number; printed: string }> {
  let printed = '';
  const stdout = (text: string) => {
    printed += text;
  };
  const code = await reportCommand(path, options, { stdout, colour: false, width: 300 });
  return { code, printed };
}

describe('crashlab report', () => {
  test('prints the table and exits as the run did', async () => {
    const { code, printed } = await report(file);
    expect(code).toBe(1);
    expect(printed).toContain('\nb  ✗ lost 2/59\n');
    expect(printed).toContain(`\n  evidence: ${folder}/evidence/b\n`);
  });

  test('writes the files it is asked for, beside the table', async () => {
    const [junit, ktap] = [join(folder, 'junit.xml'), join(folder, 'run.ktap')];
    const { printed } = await report(file, { junit, ktap });
    expect(printed).toContain('3 runs: ');
    expect(await readFile(junit, 'utf8')).toBe(renderJunit(events));
    expect(await readFile(ktap, 'utf8')).toBe(renderKtap(events));
  });

  test('writes a page, with what the evidence of a run has', async () => {
    const page = join(folder, 'a page.html');
    await mkdir(join(folder, 'evidence/b'), { recursive: true });
    const told = {
      sequence: 457,
      text: 'words of a record',
      wire: { state: 'missing' },
      serial: { state: 'arrived' },
    };
    const head = { type: 'timeline', version: 1, records: 1, moments: [] };
    const lines = [head, told].map((line) => `${JSON.stringify(line)}\n`).join('');
    await writeFile(join(folder, 'evidence/b/timeline.jsonl'), lines);
    await report(file, { html: page });
    const markup = await readFile(page, 'utf8');
    expect(markup).toContain('words of a record');
    expect(markup).toContain('href="evidence/b/timeline.jsonl"');
    expect(markup).not.toContain('href="evidence/a/');
  });

  test('a page goes to no standard output, and what a record names lies below it', async () => {
    await expect(report(file, { html: '-' })).rejects.toMatchObject({ code: 'REPORT_STDOUT' });
    const elsewhere = join(folder, 'elsewhere.jsonl');
    await symlink('/etc', join(folder, 'evidence/link'));
    for (const evidence of ['../../etc', '/etc', '.', '', 'evidence/link', 'evidence/\ud800']) {
      const astray = [start(1), { ...verdict('b'), evidence }, end()];
      await writeFile(elsewhere, astray.map((event) => `${JSON.stringify(event)}\n`).join(''));
      await report(elsewhere, { html: join(folder, 'astray.html') });
      expect(await readFile(join(folder, 'astray.html'), 'utf8')).not.toContain('Evidence:');
    }
    await rm(join(folder, 'evidence/b/timeline.jsonl'), { force: true });
    execFileSync('mkfifo', [join(folder, 'evidence/b/timeline.jsonl')]);
    await report(file, { html: join(folder, 'fifo.html') });
    await expect(report(file, { html: file })).rejects.toMatchObject({ code: 'REPORT_UNWRITABLE' });
  });

  test('prints one document and nothing else on standard output', async () => {
    expect((await report(file, { json: true })).printed).toBe(renderJson(events));
    expect((await report(file, { junit: '-' })).printed).toBe(renderJunit(events));
    expect((await report(file, { ktap: '-' })).printed).toBe(renderKtap(events));
  });

  test('refuses to mix two documents', async () => {
    await expect(report(file, { ktap: '-', json: true })).rejects.toMatchObject({ code: 'REPORT_STDOUT' });
  });

  test('shows what a killed lab left behind', async () => {
    const killed = join(folder, 'killed.jsonl');
    await writeFile(killed, toLines(events).slice(0, -10));
    expect((await report(killed)).printed).toContain('cut in the middle');
  });

  test.each([
    ['there is none', 'nowhere.jsonl', 'RECORD_MISSING', /^There is no run record at /],
    ['it is a folder', '.', 'RECORD_DIRECTORY', /is a folder, not a run record\.$/],
    ['it is empty', 'empty.jsonl', 'RECORD_EMPTY', /empty\.jsonl: The run record is empty/],
    ['it lies below a file', 'run.jsonl/x', 'RECORD_UNREADABLE', /cannot be read: ENOTDIR\.$/],
  ])('says in a sentence when %s', async (_, name, code, message) => {
    await writeFile(join(folder, 'empty.jsonl'), '');
    const failure: unknown = await report(join(folder, name)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ blame: 'usage', code });
    expect(failure).toHaveProperty('message', expect.stringMatching(message));
  });

  test('writes no two reports to one file', async () => {
    const options = { junit: join(folder, 'one'), ktap: join(folder, '.', 'one') };
    await expect(report(file, options)).rejects.toMatchObject({ blame: 'usage', code: 'REPORT_TWICE' });
  });

  test('says when a report cannot be written', async () => {
    const junit = join(folder, 'no', 'junit.xml');
    for (const path of [junit, folder, join(file, 'junit.xml')]) {
      await expect(report(file, { junit: path })).rejects.toMatchObject({
        blame: 'usage',
        code: 'REPORT_UNWRITABLE',
      });
    }
  });

  test('prints the table even when a report turns out not to be writable', async () => {
    let printed = '';
    const stdout = (text: string) => void (printed += text);
    const written = reportCommand(file, { junit: '/dev/full' }, { stdout, colour: false, width: 300 });
    await expect(written).rejects.toMatchObject({ code: 'REPORT_UNWRITABLE' });
    expect(printed).toContain('3 runs: ');
  });
});
