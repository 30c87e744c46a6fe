import { copyFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { contentHash, sha256 } from '../harness/host/store.ts';
import { storeArchive } from './archive.ts';
import type { Kernel } from './kernel.ts';

/** Written into the guest: change it when the layout below changes. */
const LAYOUT = 'capture 1';

/**
 * `initramfs` with a kernel that a crash can go on in: the same one, in /capture/kernel, and `capture`, its initramfs,
 * in /capture/initramfs.cpio. Errors: those of `storeArchive`.
 */
export async function carryCapture(kernel: Kernel, initramfs: string, capture: string): Promise<string> {
  const digests = await Promise.all([initramfs, capture].map(async (file) => sha256(await readFile(file))));
  const fill = async (root: string) => {
    const folder = path.join(root, 'capture');
    await mkdir(folder);
    await copyFile(kernel.image, path.join(folder, 'kernel'));
    await copyFile(capture, path.join(folder, 'initramfs.cpio'));
  };
  return storeArchive(contentHash(LAYOUT, kernel.hash, digests), fill, { before: initramfs });
}
