import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { finished } from '../host/program.ts';
import { CLI, temporaryFolder } from './crashlab.ts';

/** Runs crashlab on a terminal; what a terminal shows is one stream. */
const onTerminal = (list: readonly string[]) => {
  const command = [process.execPath, CLI, ...list].map((word) => `'${word}'`).join(' ');
  return finished(['script', '--quiet', '--return', '--command', command, '/dev/null'], {});
};

describe('on a terminal', () => {
  test('a record that can’t be written ends the run, the table before the error', async () => {
    const out = await temporaryFolder();
    await symlink('/dev/full', path.join(out, 'run.jsonl'));
    const { code, stdout } = await onTerminal(['run', 'sysrq-crash', '--panic', '0', '--out', out]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/✓ complete[^]+1 run: 1 complete[^]+\[DISK_FULL\]\s*$/);
  });
});
