import { chmod, copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CrashlabError } from '../harness/host/error.ts';
import { isThere } from '../harness/host/programs.ts';
import { contentHash, sha256, storeEntry } from '../harness/host/store.ts';
import type { Kernel } from './kernel.ts';
import { copyModule, moduleName, moduleOrder } from './modules.ts';
import { checked, openShell } from './shell.ts';

/** Written into the guest: change it when the layout below changes. */
const LAYOUT = 2;

/** Paths of Debian's static busybox. */
const BUSYBOX = '/bin/busybox';

/**
 * The guest's whole user space as a cpio archive: busybox, our init and agent, and the modules a cell needs,
 * decompressed, in depmod's order. `carried` are further module files, as they are, that nothing loads at the start.
 * Errors: BUSYBOX_MISSING, KERNEL_WITHOUT (a driver that isn't there),
 * CACHE_DAMAGED, PROGRAM_MISSING.
 */
export async function buildInitramfs(
  kernel: Kernel,
  modules: string[],
  carried: string[] = [],
): Promise<string> {
  const init = await readFile(initScript(), 'utf8');
  if (!(await isThere(BUSYBOX))) throw busyboxMissing();
  const busybox = await stat(BUSYBOX);
  const digests = await Promise.all(carried.map(async (file) => sha256(await readFile(file))));
  const stamps = [busybox.size, busybox.mtimeMs, ...digests];
  const name = contentHash(LAYOUT, kernel.hash, modules, init, ...stamps);
  const { folder } = await storeEntry('initramfs', name, {
    sound: isSoundInitramfs,
    build: async (draft) => {
      const root = path.join(draft, 'root');
      for (const below of ['bin', 'lib/modules']) await mkdir(path.join(root, below), { recursive: true });
      await copyFile(BUSYBOX, path.join(root, 'bin/busybox'));
      await writeFile(path.join(root, 'init'), init);
      await chmod(path.join(root, 'init'), 0o755);
      const order = await moduleOrder(kernel, modules);
      for (const file of order) await copyModule(kernel, file, path.join(root, 'lib/modules'));
      for (const file of carried) await copyModule(kernel, file, path.join(root, 'lib/modules'));
      await writeFile(path.join(root, 'modules'), order.map((file) => `${moduleName(file)}\n`).join(''));
      await pack(root, path.join(draft, ARCHIVE));
      await writeFile(path.join(draft, DIGEST), sha256(await readFile(path.join(draft, ARCHIVE))));
      await rm(root, { recursive: true });
    },
  });
  return path.join(folder, ARCHIVE);
}

function busyboxMissing(): CrashlabError {
  return new CrashlabError('host', 'BUSYBOX_MISSING', `There is no ${BUSYBOX}, the guests’ user space.`, {
    advice: 'Install it: apt-get install busybox-static',
  });
}

const ARCHIVE = 'initramfs.cpio';
const DIGEST = 'sha256';

async function pack(root: string, archive: string): Promise<void> {
  const shell = await openShell({ cwd: root });
  checked(
    await shell`find . -print0 | sort -z | cpio --null --create --format=newc --owner=0:0 --quiet > ${archive}`,
    'packing the initramfs',
  );
}

async function isSoundInitramfs(folder: string): Promise<boolean> {
  try {
    const expected = await readFile(path.join(folder, DIGEST), 'utf8');
    return sha256(await readFile(path.join(folder, ARCHIVE))) === expected;
  } catch {
    return false;
  }
}

/** The init script lies in the source tree, beside this file or beside its compiled form. */
function initScript(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  return here.includes(`${path.sep}dist${path.sep}`)
    ? path.join(here, '..', '..', 'images', 'init.sh')
    : path.join(here, 'init.sh');
}
