import { mkdir } from 'node:fs/promises';
import path from 'node:path';

/** Makes a folder and those above it. Node's own says ENOENT where the disk is read-only or full: this one says why. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    if (!isMissing(error)) throw error;
    await oneByOne(path.resolve(folder));
  }
}

async function oneByOne(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    if (!isMissing(error) || path.dirname(folder) === folder) throw error;
    await oneByOne(path.dirname(folder));
    await mkdir(folder);
  }
}

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT';
