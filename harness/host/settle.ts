import { open, readdir } from 'node:fs/promises';
import path from 'node:path';

/** How many files a disk is asked for at once: the file system writes them together. */
const AT_ONCE = 16;

/** Waits until all files and folders in a folder, and it itself, are on the disk. */
export async function settle(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const waiting = entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const work = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await flush(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await flush(folder);
}

async function flush(place: string): Promise<void> {
  await using handle = await open(place);
  await handle.sync();
}
