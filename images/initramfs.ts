import { copyFile, chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';
import { CrashlabError } from '../harness/host/error.ts';
import { contentHash, storeEntry } from '../harness/host/store.ts';
import type { Kernel } from './kernel.ts';

/** Written into the guest: change it when the layout below changes. */
const LAYOUT = 1;

/** Paths of Debian's static busybox. */
const BUSYBOX = '/bin/busybox';

/**
 * The guest's whole user space as a cpio archive: busybox, our init and agent, and the modules a cell needs,
 * decompressed, in depmod's order. Errors: BUSYBOX_MISSING, KERNEL_WITHOUT (a driver that isn't there).
 */
export async function buildInitramfs(kernel: Kernel, modules: string[]): Promise<string> {
  const init = await readFile(initScript());
  const busybox = await stat(BUSYBOX).catch((error: unknown) => {
    throw new CrashlabError('host', 'BUSYBOX_MISSING', `There is no ${BUSYBOX}.`, {
      advice: 'Install it: apt-get install busybox-static',
      cause: error,
    });
  });
  const hash = contentHash(
    LAYOUT,
    kernel.hash,
    modules,
    init.toString('base64'),
    busybox.size,
    busybox.mtimeMs,
  );
  const { folder } = await storeEntry('initramfs', hash, {
    sound: async (entry) => {
      const [size, expected] = await Promise.all([
        stat(path.join(entry, 'initramfs.cpio')).then(
          (s) => s.size,
          () => -1,
        ),
        readFile(path.join(entry, 'size'), 'utf8').catch(() => ''),
      ]);
      return String(size) === expected;
    },
    build: async (draft) => {
      const root = path.join(draft, 'root');
      for (const name of ['bin', 'lib/modules']) await mkdir(path.join(root, name), { recursive: true });
      await copyFile(BUSYBOX, path.join(root, 'bin/busybox'));
      await writeFile(path.join(root, 'init'), init);
      await chmod(path.join(root, 'init'), 0o755);
      const order = await moduleOrder(kernel, modules);
      for (const file of order) await copyModule(file, path.join(root, 'lib/modules'));
      await writeFile(path.join(root, 'modules'), order.map((file) => `${moduleName(file)}\n`).join(''));
      const archive = path.join(draft, 'initramfs.cpio');
      await $({
        cwd: root,
        quiet: true,
      })`find . -print0 | sort -z | cpio --null --create --format=newc --owner=0:0 --quiet > ${archive}`;
      await writeFile(path.join(draft, 'size'), String((await stat(archive)).size));
      await rm(root, { recursive: true });
    },
  });
  return path.join(folder, 'initramfs.cpio');
}

/** Module files in the order they must be loaded; built-in ones need none. */
async function moduleOrder(kernel: Kernel, modules: string[]): Promise<string[]> {
  const order = new Set<string>();
  for (const module of modules) {
    const shown = await $({
      quiet: true,
      nothrow: true,
    })`modprobe --dirname ${kernel.modulesRoot} --set-version ${kernel.release} --config /dev/null --show-depends ${module}`;
    if (shown.exitCode !== 0) {
      throw new CrashlabError(
        'guest',
        'KERNEL_WITHOUT',
        `Kernel ${kernel.release} has no ${module}, neither built in nor as a module.`,
        {
          advice: `Choose a kernel that has it, or build yours with it (CONFIG_NETCONSOLE, CONFIG_NETCONSOLE_DYNAMIC, CONFIG_VIRTIO_NET, CONFIG_VIRTIO_PCI).`,
        },
      );
    }
    for (const [, file] of shown.stdout.matchAll(/^insmod (\S+)/gm)) if (file) order.add(file);
  }
  return [...order];
}

const moduleName = (file: string) => path.basename(file).replace(/\.ko(\.(xz|zst|gz))?$/, '');

async function copyModule(file: string, folder: string): Promise<void> {
  const target = path.join(folder, `${moduleName(file)}.ko`);
  if (file.endsWith('.ko')) return copyFile(file, target);
  const tool = { '.xz': 'xz', '.zst': 'zstd', '.gz': 'gzip' }[path.extname(file)];
  if (!tool)
    throw new CrashlabError('host', 'MODULE_FORMAT', `${file} is compressed in a way crashlab doesn’t know.`);
  await $({ quiet: true })`${tool} -dc ${file} > ${target}`;
}

/** The init script lies in the source tree, beside this file or beside its compiled form. */
function initScript(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  return here.includes(`${path.sep}dist${path.sep}`)
    ? path.join(here, '..', '..', 'images', 'init.sh')
    : path.join(here, 'init.sh');
}
