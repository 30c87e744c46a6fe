import { mkdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { contentHash, sha256 } from '../harness/host/store.ts';
import { storeArchive } from './archive.ts';

/** Written into the guest: change it when the layout below changes. */
const LAYOUT = 'before init 1';

/**
 * `initramfs` whose init is the kernel's modprobe as well. A kernel that asks for a module in its initcalls runs that
 * before PID 1, and waits for it: Linux kernel/module/kmod.c. Errors: those of `storeArchive`.
 */
export async function serveBeforeInit(initramfs: string): Promise<string> {
  const digest = sha256(await readFile(initramfs));
  return storeArchive(contentHash(LAYOUT, digest), linkModprobe, { before: initramfs });
}

async function linkModprobe(root: string): Promise<void> {
  await mkdir(path.join(root, 'sbin'));
  await symlink('/init', path.join(root, 'sbin/modprobe'));
}
