import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Makes a folder and those above it. Node's own says ENOENT where the disk is read-only or full, and never ends in /proc:
 * this one says why.
 */
export async function makeFolder(folder: string): Promise<void> {
  await oneByOne(path.resolve(folder));
}

async function oneByOne(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    // A file system that is read-only says so of folders that are there, too.
    const isThere = await stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isThere) return;
    if (code !== 'ENOENT' || path.dirname(folder) === folder) throw error;
    await oneByOne(path.dirname(folder));
    await mkdir(folder);
  }
}
