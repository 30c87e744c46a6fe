import { expect, test } from 'vitest';
import { temporaryFolder } from './end-to-end/crashlab.ts';
import { commandsOf, README, runAll } from './readme.ts';

test('the README’s matrix has commands that do what it says', { timeout: 900_000 }, async () => {
  const [section = ''] = /^## The matrix$[^]*?(?=^## )/m.exec(README) ?? [];
  const commands = commandsOf(section);
  expect(commands.length).toBeGreaterThanOrEqual(3);
  await runAll(commands, await temporaryFolder());
});
