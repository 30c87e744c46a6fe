import { expect, test } from 'vitest';
import { CLI, finished } from '../host/program.ts';

test.each(['list', 'list --json', 'kernel list', '--help'])(
  '%s whose reader is gone ends quietly',
  async (command) => {
    // `true` is through long before Node.js has started.
    const line = `"$0" "$1" ${command} | true`;
    const shell = ['bash', '-o', 'pipefail', '-c', line, process.execPath, CLI];
    expect(await finished(shell, {})).toEqual({ code: 0, stdout: '', stderr: '' });
  },
);
