import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { crashlab, temporaryFolder } from './end-to-end/crashlab.ts';

const README = await readFile(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8');

/** Every `crashlab …` line of the README's shell blocks, comments cut off. */
const commands = [...README.matchAll(/```sh\n([^`]*)```/g)]
  .flatMap(([, block = '']) => block.split('\n'))
  .map((line) => line.replace(/\s+#.*$/, '').trim())
  .filter((line) => line.startsWith('crashlab '));

describe('the README', () => {
  test('shows every command of the program', async () => {
    const { stdout } = await crashlab(['--help']);
    const known = [...stdout.matchAll(/^ {2}([a-z]+)\b.*/gm)]
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
    const cwd = await temporaryFolder();
    expect(commands.length).toBeGreaterThan(8);
    for (const command of commands) {
      const { code, stderr, stdout } = await crashlab(command.split(' ').slice(1), { cwd });
      expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' });
      expect(stdout).not.toBe('');
    }
  });
});
