import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OnCrash } from '../../harness/commands/on-crash.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'crashlab-on-crash-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function script(text: string): Promise<string> {
  const file = path.join(folder, 'command');
  await writeFile(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return file;
}

/** What is said until all of these reports are dealt with. */
async function said(command: string, reports: readonly string[], limits: [runMs: number, endMs: number]) {
  let words = '';
  const say = (text: string) => {
    words += text;
    return Promise.resolve();
  };
  const onCrash = new OnCrash(command, say, { runMs: limits[0], endMs: limits[1], dieMs: 50 });
  for (const report of reports) onCrash.run(report);
  await onCrash.finish();
  return words;
}

const DAY_MS = 86_400_000;

describe('a command that hangs', () => {
  test('is ended some time after nothing more comes, and what it has started', async () => {
    const command = await script(`sleep 86400 & echo $! > ${folder}/child; wait`);
    const words = await said(command, ['one'], [DAY_MS, 300]);
    expect(words).toContain('command still runs for one after 0.3 s: it is ended.');
    expect(words).toContain('failed for one: ended by SIGTERM');
    const child = Number(await readFile(path.join(folder, 'child'), 'utf8'));
    await expect.poll(() => readFile(`/proc/${child}/stat`, 'utf8').catch(() => 'Z')).toMatch(/Z/);
  });

  test('and does not listen to that is killed', async () => {
    const command = await script(`trap '' TERM; : > ${folder}/trapped; while :; do sleep 1; done`);
    expect(await said(command, ['one'], [DAY_MS, 300])).toContain('is ended');
  });

  test('does not keep the others from theirs', async () => {
    const command = await script(`[ "$1" = hangs ] && sleep 86400; echo "$1" >> ${folder}/done`);
    const words = await said(command, ['hangs', 'one', 'two'], [DAY_MS, 2000]);
    expect(words.match(/still runs/g)).toHaveLength(1);
    const done = (await readFile(path.join(folder, 'done'), 'utf8')).trim().split('\n');
    expect(done.toSorted()).toEqual(['one', 'two']);
  });

  test('has its time for each report, and then the next one is there', async () => {
    const command = await script(`[ "$1" = last ] || sleep 86400; echo "$1" >> ${folder}/done`);
    const reports = ['a', 'b', 'c', 'd', 'last'];
    const words = await said(command, reports, [200, DAY_MS]);
    expect(words.match(/still runs for [abcd] after 0\.2 s/g)).toHaveLength(4);
    expect(await readFile(path.join(folder, 'done'), 'utf8')).toBe('last\n');
  });

  test('leaves it said how many got none', async () => {
    const command = await script('sleep 86400');
    const words = await said(command, ['a', 'b', 'c', 'd', 'e', 'f'], [DAY_MS, 200]);
    expect(words).toContain('is not run for 2 reports that waited.');
  });
});
