import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { crashlab } from './end-to-end/crashlab.ts';

export const README = await readFile(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8');

/** Every `crashlab …` line of the shell blocks in a text, comments cut off. */
export function commandsOf(text: string): string[] {
  return [...text.matchAll(/```sh\n([^`]*)```/g)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line.startsWith('crashlab '));
}

/** Runs them one after the other in a folder: each does what it says, and complains about nothing. */
export async function runAll(commands: readonly string[], cwd: string): Promise<void> {
  for (const command of commands) {
    const words = command.split(' ').slice(1);
    const { code, stderr, stdout } = await crashlab(
      words.map((word) => word.replaceAll("'", '')),
      { cwd },
    );
    expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' });
    expect(stdout).not.toBe('');
  }
}
