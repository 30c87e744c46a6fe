import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { contentHash, sha256 } from '../harness/host/store.ts';
import { storeArchive } from './archive.ts';
import { obtainBusybox } from './busybox.ts';
import type { Kernel } from './kernel.ts';
import { copyModule, moduleName, moduleOrder, modulesThere } from './modules.ts';

/** Written into the guest: change it when the layout below changes. */
const LAYOUT = 3;

/**
 * The guest's whole user space as a cpio archive: busybox, our init and agent, and the modules a cell needs,
 * decompressed, in depmod's order. `carried` are modules that lie there to be loaded later (guest/modules.ts): those of
 * the kernel's own by name, where it has them, and `files` as they are. Errors: those of `obtainBusybox`, KERNEL_WITHOUT
 * (a driver that isn't there),
 * CACHE_DAMAGED, PROGRAM_MISSING.
 */
export async function buildInitramfs(
  kernel: Kernel,
  modules: readonly string[],
  options: { carried?: readonly string[]; files?: readonly string[]; signal?: AbortSignal } = {},
): Promise<string> {
  const { carried = [], files: foreign = [] } = options;
  const init = await readFile(initScript(), 'utf8');
  const busybox = await obtainBusybox(kernel.arch, options);
  const digests = await Promise.all(foreign.map(async (file) => sha256(await readFile(file))));
  const key = contentHash(LAYOUT, kernel.hash, modules, carried, digests, init, busybox.identity);
  return storeArchive(key, async (root) => {
    for (const below of ['bin', 'lib/modules']) await mkdir(path.join(root, below), { recursive: true });
    await copyFile(busybox.file, path.join(root, 'bin/busybox'));
    await writeFile(path.join(root, 'init'), init);
    await chmod(path.join(root, 'init'), 0o755);
    const order = await moduleOrder(kernel, modules);
    const files = new Set([...order, ...foreign]);
    for (const name of await modulesThere(kernel, carried)) {
      const own = await moduleOrder(kernel, [name]);
      for (const file of own) files.add(file);
      const names = own.map((file) => `${moduleName(file)}\n`).join('');
      await writeFile(path.join(root, `lib/modules/${name}.order`), names);
    }
    for (const file of files) await copyModule(kernel, file, path.join(root, 'lib/modules'));
    await writeFile(path.join(root, 'modules'), order.map((file) => `${moduleName(file)}\n`).join(''));
  });
}

/** The init script lies in the source tree, beside this file or beside its compiled form. */
function initScript(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  return here.includes(`${path.sep}dist${path.sep}`)
    ? path.join(here, '..', '..', 'images', 'init.sh')
    : path.join(here, 'init.sh');
}
