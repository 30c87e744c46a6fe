import { readFile, rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Guest } from '../../harness/guest/guest.ts';
import { guestMaker } from '../end-to-end/living-guest.ts';

/** The folder of the template that a clone has its memory from. */
async function templateOf({ qemu }: Guest): Promise<string> {
  const command = await readFile(`/proc/${qemu.pid}/cmdline`, 'utf8');
  return /[^\0=,]*\/templates\/\w+(?=\/memory)/.exec(command)?.[0] ?? '';
}

test('a template that was cleared away meanwhile is booted anew', { timeout: 120_000 }, async () => {
  // Nobody else has a template of this one.
  const { make, boots } = await guestMaker({ append: `crashlab.test=${process.pid}` });
  const folders: string[] = [];
  for (const booted of [1, 1, 2]) {
    const { guest } = await make();
    await using _ = guest;
    const folder = await templateOf(guest);
    folders.push(folder);
    expect((await guest.agent.run('cat /proc/cmdline', guest.signal)).output).toContain('crashlab.test=');
    expect(boots()).toBe(booted);
    if (folders.length > 1) await rm(folder, { recursive: true });
  }
  expect(new Set(folders).size).toBe(1);
});
