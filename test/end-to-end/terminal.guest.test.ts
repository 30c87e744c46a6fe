import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { finished } from '../host/program.ts';
import { CLI, guestsOf, leftovers, temporaryFolder } from './crashlab.ts';

/** Runs crashlab on a terminal; what a terminal shows is one stream. */
const onTerminal = (list: readonly string[]) => {
  const command = [process.execPath, CLI, ...list].map((word) => `'${word}'`).join(' ');
  return finished(['script', '--quiet', '--return', '--command', command, '/dev/null'], {});
};

describe('on a terminal', () => {
  test('a record that can’t be written ends the run at once, the table before the error', async () => {
    const out = await temporaryFolder();
    await symlink('/dev/full', path.join(out, 'run.jsonl'));
    const { code, stdout } = await onTerminal(['run', 'sysrq-crash', '--repeat', '500', '--out', out]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/0 runs: 0 complete[^]+\[DISK_FULL\]\s*$/);
  });
});

test('a run whose reader is gone stops quietly, and nothing is left', async () => {
  const list = ['run', 'sysrq-crash', '--panic', '0', '--repeat', '500', '--out', await temporaryFolder()];
  const child = spawn(process.execPath, [CLI, ...list], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  let guests: number[] = [];
  while (guests.length === 0) guests = await guestsOf(child.pid ?? 0);
  child.stdout.destroy();
  expect([await ended, stderr]).toEqual([[130, null], '']);
  expect(await leftovers(child.pid ?? 0, guests)).toEqual([]);
});
