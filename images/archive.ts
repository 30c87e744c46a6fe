import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sha256, storeEntry } from '../harness/host/store.ts';
import { checked, openShell } from './shell.ts';

const ARCHIVE = 'initramfs.cpio';
const DIGEST = 'sha256';

/**
 * The cpio archive `key` of the cache: what `fill` puts into a folder, behind another archive if there is `before`;
 * the kernel unpacks them one after the other (Documentation/driver-api/early-userspace/buffer-format.rst). Errors:
 * PROGRAM_MISSING, and those of `fill`.
 */
export async function storeArchive(
  key: string,
  fill: (root: string) => Promise<void>,
  { before }: { before?: string } = {},
): Promise<string> {
  const { folder } = await storeEntry('initramfs', key, {
    sound: isSound,
    build: async (draft) => {
      const root = path.join(draft, 'root');
      await mkdir(root);
      await fill(root);
      const archive = path.join(draft, ARCHIVE);
      await pack(root, archive);
      const own = await readFile(archive);
      const whole = before === undefined ? own : Buffer.concat([await readFile(before), own]);
      await writeFile(archive, whole);
      await writeFile(path.join(draft, DIGEST), sha256(whole));
      await rm(root, { recursive: true });
    },
  });
  return path.join(folder, ARCHIVE);
}

async function pack(root: string, archive: string): Promise<void> {
  const shell = await openShell({ cwd: root });
  checked(
    await shell`find . -print0 | sort -z | cpio --null --create --format=newc --owner=0:0 --quiet > ${archive}`,
    'packing the initramfs',
  );
}

async function isSound(folder: string): Promise<boolean> {
  try {
    const expected = await readFile(path.join(folder, DIGEST), 'utf8');
    return sha256(await readFile(path.join(folder, ARCHIVE))) === expected;
  } catch {
    return false;
  }
}
