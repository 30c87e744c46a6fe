import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { CrashlabError } from './error.ts';
import { cacheRoot } from './paths.ts';

/** What an ordinary user finds left on a disk that is full is less than this. */
const NOTHING_LEFT = 1 << 20;

/** Whether there is no room in a folder for another file. */
export async function isFull(folder: string): Promise<boolean> {
  const found = await statfs(folder).catch(() => null);
  if (!found) return false;
  const noFiles = found.files > 0 && found.ffree === 0;
  return noFiles || found.bavail * found.bsize < NOTHING_LEFT;
}

/** For those who are told of a full disk by other means than an error of their own. */
export function diskFull(doing: string, detail: string, cause?: unknown): CrashlabError {
  return new CrashlabError('host', 'DISK_FULL', `The disk is full: ${doing} failed (${detail}).`, {
    advice: `Free some space, or point CRASHLAB_CACHE (now ${cacheRoot()}), TMPDIR (now ${tmpdir()}) or --out at a larger disk.`,
    cause,
  });
}
