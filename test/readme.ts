import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { Listening } from './commands/listening.ts';
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
    const words = wordsOf(command).slice(1);
    const { code, stderr, stdout } = LISTENS.has(words[0] ?? '')
      ? await untilItListens(words, cwd)
      : await crashlab(words, { cwd });
    expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' });
    expect(stdout).not.toBe('');
  }
}

/** What a shell makes of it: quotes, and an output that goes to a file. */
function wordsOf(command: string): string[] {
  const said = command.replace(/ > \S+$/, '');
  return (said.match(/'[^']*'|[^\s']+/g) ?? []).map((word) => word.replaceAll("'", ''));
}

/** These go on until they are stopped. */
const LISTENS = new Set(['listen', 'netconsole-client']);

async function untilItListens(words: readonly string[], cwd: string) {
  await using listening = Listening.on(words, cwd);
  await listening.port();
  const code = await listening.end('SIGTERM');
  return { code, stderr: '', stdout: listening.output };
}
