import { rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hostError } from './failure.ts';
import { isRunning } from './store.ts';

const PREFIX = 'crashlab-';
const mine = new Set<string>();

/** A folder for the life of one guest. It names this process, so that the next one can sweep up after a kill. */
export async function openScratch(): Promise<AsyncDisposable & { folder: string }> {
  try {
    const folder = await mkdtemp(path.join(tmpdir(), `${PREFIX}${process.pid}-`));
    mine.add(folder);
    return {
      folder,
      [Symbol.asyncDispose]: async () => {
        await rm(folder, { recursive: true, force: true });
        mine.delete(folder);
      },
    };
  } catch (error) {
    throw hostError(error, 'making a temporary folder');
  }
}

/** Removes what this process still has: for an exit that can't wait. */
export function dropScratchNow(): void {
  for (const folder of mine) rmSync(folder, { recursive: true, force: true });
}

/** Removes folders of crashlab processes that were killed. */
export async function sweepScratch(): Promise<void> {
  for (const entry of await readdir(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(entry)?.[1];
    if (owner && !(await isRunning(Number(owner)))) {
      await rm(path.join(tmpdir(), entry), { recursive: true, force: true });
    }
  }
}
