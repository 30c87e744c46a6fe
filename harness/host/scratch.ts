import { rmSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CrashlabError } from './error.ts';
import { hostError } from './failure.ts';
import { isAbandoned, MARK, ownMark } from './owner.ts';

const PREFIX = 'crashlab-';
const SCRATCH = new RegExp(`^${PREFIX}(${MARK})-\\w+$`);
const mine = new Set<string>();

/** A folder for the life of one guest. It names this process, so that the next one can sweep up after a kill. */
export async function openScratch(): Promise<AsyncDisposable & { folder: string }> {
  try {
    const folder = await mkdtemp(path.join(tmpdir(), `${PREFIX}${await ownMark()}-`));
    mine.add(folder);
    return {
      folder,
      [Symbol.asyncDispose]: async () => {
        await rm(folder, { recursive: true, force: true });
        mine.delete(folder);
      },
    };
  } catch (error) {
    throw unusable(error, 'making a temporary folder');
  }
}

/** Removes what this process still has: for an exit that can't wait. */
export function dropScratchNow(): void {
  for (const folder of mine) rmSync(folder, { recursive: true, force: true });
}

/** Removes folders of this user's crashlab processes that were killed. Errors: NO_SCRATCH, NO_PERMISSION. */
export async function sweepScratch(): Promise<void> {
  const names = await readdir(tmpdir()).catch((error: unknown) => {
    throw unusable(error, 'looking for old temporary folders');
  });
  for (const name of names) {
    const mark = SCRATCH.exec(name)?.[1];
    // Whatever stands in the way of one concerns its owner, not this run.
    if (mark) await sweep(path.join(tmpdir(), name), mark).catch(() => undefined);
  }
}

/** How many guests this user's crashlab processes have on this host now, as far as their folders can be seen. */
export async function countGuests(): Promise<number> {
  const names = await readdir(tmpdir()).catch(() => []);
  const marks = names.flatMap((name) => {
    const mark = SCRATCH.exec(name)?.[1];
    return mark ? [{ folder: path.join(tmpdir(), name), mark }] : [];
  });
  const abandoned = await Promise.all(marks.map(({ folder, mark }) => isAbandoned(folder, mark)));
  return abandoned.filter((is) => !is).length;
}

async function sweep(folder: string, mark: string): Promise<void> {
  if ((await lstat(folder)).uid !== process.getuid?.()) return;
  if (await isAbandoned(folder, mark)) await rm(folder, { recursive: true, force: true });
}

function unusable(error: unknown, doing: string): CrashlabError {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return hostError(error, doing);
  return new CrashlabError('host', 'NO_SCRATCH', `There is no folder ${tmpdir()} for temporary files.`, {
    advice: 'Make it, or point TMPDIR at a folder that is there.',
    cause: error,
  });
}
