import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogFile } from '../../../harness/field/listen/log-file.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'crashlab-log-'));
  file = path.join(folder, 'a.log');
});
afterEach(() => rm(folder, { recursive: true }));

const text = (name = 'a.log') => readFile(path.join(folder, name), 'utf8');
const write = async (log: LogFile, line: string, nowMs = 0) => {
  log.append(line);
  await log.flush(nowMs);
};

test('goes on with a log that is there', async () => {
  await writeFile(file, 'before\n');
  await write(new LogFile(file, { size: 100, age: Infinity, keep: 1 }), 'after\n');
  expect(await text()).toBe('before\nafter\n');
});

test('is begun anew when it gets too large, and the oldest goes', async () => {
  const log = new LogFile(file, { size: 10, age: Infinity, keep: 2 });
  for (const line of ['one 56789\n', 'two 56789\n', 'three\n', 'four\n', 'five\n']) await write(log, line);
  expect((await readdir(folder)).sort()).toEqual(['a.log', 'a.log.1', 'a.log.2']);
  expect(await text()).toBe('four\nfive\n');
  expect([await text('a.log.1'), await text('a.log.2')]).toEqual(['three\n', 'two 56789\n']);
});

test('is begun anew when it gets too old', async () => {
  const log = new LogFile(file, { size: 1000, age: 60, keep: 1 });
  await write(log, 'a\n', 0);
  await write(log, 'b\n', 59);
  await write(log, 'c\n', 60);
  expect([await text(), await text('a.log.1')]).toEqual(['c\n', 'a\nb\n']);
});

test('keeps none where none is to stay', async () => {
  const log = new LogFile(file, { size: 2, age: Infinity, keep: 0 });
  for (const line of ['a\n', 'b\n']) await write(log, line);
  expect(await readdir(folder)).toEqual(['a.log']);
  expect(await text()).toBe('b\n');
});

test('may be moved away by somebody else', async () => {
  const log = new LogFile(file, { size: 5, age: Infinity, keep: 1 });
  await write(log, 'a\n');
  await rename(file, path.join(folder, 'moved'));
  log.reopen();
  await write(log, '1234\n');
  await log.sync();
  expect([await text(), await text('moved')]).toEqual(['1234\n', 'a\n']);
  expect((await readdir(folder)).length).toBe(2);
});

test('a disk that refuses is an error with a sentence', async () => {
  const log = new LogFile(path.join(file, 'below', 'a.log'), { size: 5, age: Infinity, keep: 1 });
  await expect(write(log, 'a\n')).rejects.toThrow(/writing .*a\.log/);
});
