import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { Matrix } from '../harness/commands/matrix-file.ts';
import { crashlab, temporaryFolder } from './end-to-end/crashlab.ts';
import { commandsOf, README, runAll } from './readme.ts';

/** What the README shows; its matrix is for the long tests. */
const commands = commandsOf(README.replace(/^## The matrix$[^]*?(?=^## )/m, ''));

/** The log that the README judges. */
const LOG = new URL('oops/fixtures/6.12/task-panics.txt', import.meta.url);

describe('the README', () => {
  test('shows every command of the program', async () => {
    const { stdout } = await crashlab(['--help']);
    const known = [...stdout.matchAll(/^ {2}([a-z][a-z-]*)\b.*/gm)]
      .map(([, name]) => name)
      .filter((name) => name !== 'help');
    const shown = new Set(commands.map((command) => command.split(' ')[1]));
    expect(known.filter((name) => name && name !== 'crashlab' && !shown.has(name))).toEqual([]);
  });

  test('names every scenario of the quick suite', async () => {
    const { stdout } = await crashlab(['list', '--suite', 'quick', '--json']);
    const list: { scenarios: { name: string }[] } = JSON.parse(stdout);
    const names = list.scenarios.map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(8);
    expect(names.filter((name) => !README.includes(`\`${name}\``))).toEqual([]);
  });

  test('has commands that do what it says, one after the other', { timeout: 400_000 }, async () => {
    expect(commands.length).toBeGreaterThan(8);
    const folder = await temporaryFolder();
    await copyFile(LOG, path.join(folder, 'kern.log'));
    await runAll(commands, folder);
  });

  test('shows what a log is judged to be', async () => {
    const folder = await temporaryFolder();
    await copyFile(LOG, path.join(folder, 'kern.log'));
    const { stdout } = await crashlab(['judge', 'kern.log'], { cwd: folder });
    expect(README).toContain(`\`\`\`text\n${stdout}\`\`\``);
  });

  test('shows a test that our own tests run', async () => {
    const example = new URL('vitest/example.guest.test.ts', import.meta.url);
    expect(README).toContain(`\`\`\`ts\n${await readFile(example, 'utf8')}\`\`\``);
  });

  test('shows a matrix that is one', () => {
    const [, json = ''] = /```json\n([^`]*)```/.exec(README) ?? [];
    expect(v.safeParse(Matrix, JSON.parse(json)).issues).toBeUndefined();
  });
});
