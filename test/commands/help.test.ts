import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES } from '../../harness/commands/error-codes.ts';
import { TOPIC_NAMES } from '../../harness/commands/help.ts';
import { CLI, finished } from '../host/program.ts';

const help = (...args: string[]) => finished([process.execPath, CLI, 'help', ...args], {});
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Words in capitals that are no error codes: options of kernels, registers, events, variables of the environment. */
const OTHERS =
  /^(?:CONFIG_LOG_BUF_SHIFT|TCR_EL1_T1SZ|VA_BITS|VERSION_CODENAME|NO_COLOR|[A-Z]+_(?:ACTIONS|HOST)|GITHUB_.*|ERR_.*|DEVICE_DELETED|GUEST_(?:CRASHLOADED|PANICKED)|NETDEV_STREAM_CONNECTED)$/;

async function codesInSource(): Promise<Set<string>> {
  const found = new Set<string>();
  for (const folder of ['harness', 'images', 'scenarios']) {
    const names = await readdir(path.join(ROOT, folder), { recursive: true });
    for (const name of names.filter((one) => one.endsWith('.ts') && !one.endsWith('error-codes.ts'))) {
      const text = await readFile(path.join(ROOT, folder, name), 'utf8');
      for (const [, code = ''] of text.matchAll(/'([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)'/g)) found.add(code);
      for (const [, code = ''] of text.matchAll(/CrashlabError\(\s*[^,]+,\s*'([A-Z]+)'/g)) found.add(code);
    }
  }
  return new Set([...found].filter((code) => !OTHERS.test(code)));
}

describe('crashlab help', () => {
  test('knows every error code there is, and no other', async () => {
    expect(Object.keys(ERROR_CODES).toSorted()).toEqual([...(await codesInSource())].toSorted());
  });

  test.each(TOPIC_NAMES)(
    'on %s is a text in 80 columns, its tables and examples as they are',
    async (topic) => {
      const { code, stdout, stderr } = await help(topic);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout.split('\n').length).toBeGreaterThan(10);
      const prose = stdout.split('\n').filter((line) => !/^(?:\||#| {4})/.test(line));
      expect(prose.filter((line) => line.length > 80)).toEqual([]);
    },
  );

  test('is on commands too, on an error code, and says what else there is', async () => {
    expect((await help('judge')).stdout).toContain('Usage: crashlab judge');
    expect((await help()).stdout).toContain('Commands:');
    expect((await help('trigger_missed')).stdout).toBe(`${ERROR_CODES['TRIGGER_MISSED']}\n`);
    expect((await help('kernel', 'add')).stdout).toContain('Usage: crashlab kernel add');
    for (const name of ['constructor', '__proto__']) expect((await help(name)).code).toBe(2);
    expect(await help('everything')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'There is no help on "everything".\nThere is help on each command, on verdicts,',
      ),
    });
  });
});
