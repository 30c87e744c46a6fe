import { lstat, mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { checked, openShell } from './shell.ts';

const MERGED = ['bin', 'sbin', 'lib', 'lib64'];

/**
 * Makes `/bin` and the like of a root of unpacked packages what they are on an installed system: links into `/usr`.
 * Debian 12's packages still have files there, and unpacking them turns a link into a folder.
 */
export async function mergeUsr(root: string): Promise<void> {
  const shell = await openShell();
  for (const name of MERGED) {
    const own = path.join(root, name);
    const below = path.join(root, 'usr', name);
    await mkdir(below, { recursive: true });
    const found = await lstat(own).catch(() => null);
    if (found?.isDirectory() === true) {
      checked(await shell`cp -al ${`${own}/.`} ${below}`, `moving /${name} below /usr`);
    }
    await rm(own, { recursive: true, force: true });
    await symlink(`usr/${name}`, own);
  }
}
