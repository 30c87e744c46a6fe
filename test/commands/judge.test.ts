import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CLI, finished } from '../host/program.ts';

const fixture = (file: string) => new URL(`../oops/fixtures/${file}.txt`, import.meta.url).pathname;
const judge = (...args: string[]) => finished([process.execPath, CLI, 'judge', ...args], {});

test('a whole report ends with 0, and says what is known of it', async () => {
  const { code, stdout, stderr } = await judge(fixture('6.12/task-panics'));
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('Oops: invalid opcode: 0000 [#1] PREEMPT SMP NOPTI');
  expect(stdout).toMatch(/signature +invalid-opcode:__x64_sys_sethostname/);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('1 crash, complete by its own structure.');
  expect(stdout.split('\n').every((line) => line.length <= 80)).toBe(true);
});

test('a damaged one ends with 1, and says what is missing; so does one whose end can’t be proved', async () => {
  const text = readFileSync(fixture('6.12/task-panics'), 'latin1').split('\n').slice(0, -3).join('\n');
  const shell = ['bash', '-c', 'printf %s "$1" | "$0" "$2" judge -', process.execPath, text, CLI];
  const cut = await finished(shell, {});
  expect(cut.code).toBe(1);
  expect(cut.stdout).toMatch(/standard input: 1 crash, damaged\.\n +The panic has no end/);
  const open = await judge(fixture('6.1/rcu-stall'));
  expect(open.code).toBe(1);
  expect(open.stdout).toContain('is not proved');
});

test('several files, as one JSON document', async () => {
  const { code, stdout } = await judge('--json', fixture('6.12/boot'), fixture('6.12/null'));
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    version: 1,
    logs: [{ crashes: [] }, { whole: true, crashes: [{ kind: 'null-dereference' }] }],
  });
});

test('what a log says never reaches the terminal as an order', async () => {
  const text = '[    1.000000] BUG: \u001B[2J\u202Egone';
  const shell = ['bash', '-c', 'printf %s "$1" | "$0" "$2" judge -', process.execPath, text, CLI];
  const { stdout } = await finished(shell, {});
  expect(stdout).toContain(String.raw`BUG: \x1b[2J\u{202e}gone`);
  expect(stdout).not.toContain('\u001B');
});

test('a file that is not there is a sentence', async () => {
  expect(await judge('/nonexistent.log')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('/nonexistent.log can’t be read: there is no such file.'),
  });
});
