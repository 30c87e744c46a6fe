import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { hostError } from './failure.ts';
import { cacheRoot } from './paths.ts';

/** A name for content: the first 16 hex digits of the SHA-256 over the parts' JSON. */
export function contentHash(...parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/**
 * The folder `cache/kind/name`, made by `build` if it isn't there (or is no longer `sound`).
 * It is built beside its place and renamed into it, so that a reader never sees half of it and two
 * builders at once both end with the same whole folder.
 */
export async function storeEntry(
  kind: string,
  name: string,
  options: {
    build: (folder: string) => Promise<void>;
    /** False for a folder that is damaged: it is then built anew. */
    sound: (folder: string) => Promise<boolean>;
  },
): Promise<{ folder: string; built: boolean }> {
  const shelf = path.join(cacheRoot(), kind);
  const folder = path.join(shelf, name);
  if (await options.sound(folder)) return { folder, built: false };
  const draft = `${folder}.draft-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  try {
    await mkdir(shelf, { recursive: true });
    await sweepDrafts(shelf);
    await mkdir(draft);
    await options.build(draft);
    if (!(await options.sound(folder))) {
      await rm(folder, { recursive: true, force: true });
      await rename(draft, folder).catch(async (error: unknown) => {
        if (!(await options.sound(folder))) throw error;
      });
    }
  } catch (error) {
    throw hostError(error, `building ${kind}/${name} in the cache`);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return { folder, built: true };
}

/** Drafts of builders that no longer run, e.g. after a power cut. */
async function sweepDrafts(shelf: string): Promise<void> {
  for (const entry of await readdir(shelf)) {
    const owner = /\.draft-(\d+)-/.exec(entry)?.[1];
    if (owner && !(await isRunning(Number(owner)))) {
      await rm(path.join(shelf, entry), { recursive: true, force: true });
    }
  }
}

/** Whether a process runs, by its state in /proc: a zombie has ended, whatever `kill(pid, 0)` says. */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null);
  if (stat === null) return false;
  const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  return state !== 'Z' && state !== 'X';
}
