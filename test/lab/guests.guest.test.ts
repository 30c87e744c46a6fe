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

test(
  'one that another crashlab booted anew meanwhile is taken as it is now',
  { timeout: 120_000 },
  async () => {
    const append = `crashlab.test=${process.pid}.anew`;
    const [ours, others] = [await guestMaker({ append }), await guestMaker({ append })];
    const folders: string[] = [];
    for (const { make } of [ours, others, ours]) {
      const { guest } = await make();
      await using _ = guest;
      folders.push(await templateOf(guest));
      expect(await guest.agent.run('echo alive', guest.signal)).toEqual({ output: 'alive\n', status: 0 });
      // Before the other one comes.
      if (folders.length === 1) await rm(folders[0] ?? '', { recursive: true });
    }
    expect([ours.boots(), others.boots()]).toEqual([1, 1]);
    await rm(folders[2] ?? '', { recursive: true });
  },
);
