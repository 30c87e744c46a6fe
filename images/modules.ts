import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import { damaged, type Kernel } from './kernel-cache.ts';
import { checked, errnoIn, missingProgram, openShell } from './shell.ts';

/** Of these modules those that the kernel has, built in or not. depmod(8): modules.dep, modules.builtin. */
export async function modulesThere(kernel: Kernel, names: readonly string[]): Promise<Set<string>> {
  const folder = path.join(kernel.modulesRoot, 'lib/modules', kernel.release);
  const [loadable, builtIn] = await Promise.all(
    ['modules.dep', 'modules.builtin'].map((file) =>
      readFile(path.join(folder, file), 'utf8').catch(() => ''),
    ),
  );
  const lines = [
    ...(loadable ?? '').split('\n').map((line) => line.split(':')[0] ?? ''),
    ...(builtIn ?? '').split('\n'),
  ];
  const known = new Set(lines.map((file) => plainName(moduleName(file))));
  return new Set(names.filter((name) => known.has(plainName(name))));
}

/** The kernel takes `-` and `_` in a module's name for the same. */
const plainName = (name: string) => name.replaceAll('-', '_');

/** Module files in the order they must be loaded; built-in ones need none. Errors: KERNEL_WITHOUT. */
export async function moduleOrder(kernel: Kernel, modules: readonly string[]): Promise<string[]> {
  const order = new Set<string>();
  const shell = await openShell();
  for (const module of modules) {
    const shown =
      await shell`modprobe --dirname ${kernel.modulesRoot} --set-version ${kernel.release} --config /dev/null --show-depends ${module}`;
    if (/Module \S+ not found/.test(shown.stderr)) throw kernelWithout(kernel, module);
    for (const file of filesIn(checked(shown, `ordering the modules of ${kernel.release}`))) order.add(file);
  }
  return [...order];
}

/** `insmod FILE options…`, a line each, and `builtin NAME`; a folder's name may have spaces. */
function filesIn(shown: string): string[] {
  return [...shown.matchAll(/^insmod (.*?\.ko(?:\.\w+)?)(?: |$)/gm)].map(([, file = '']) => file);
}

function kernelWithout(kernel: Kernel, module: string): CrashlabError {
  return new CrashlabError(
    'guest',
    'KERNEL_WITHOUT',
    `Kernel ${kernel.release} has no ${module}, neither built in nor as a module.`,
    {
      advice:
        'Choose a kernel that has it (debian:6.12-amd64 has the drivers that Debian’s cloud kernels lack), or build yours with it (CONFIG_NETCONSOLE, CONFIG_NETCONSOLE_DYNAMIC, CONFIG_VIRTIO_PCI, CONFIG_VIRTIO_NET or that of another --nic).',
    },
  );
}

/** A module's name by its file's. */
export const moduleName = (file: string) => path.basename(file).replace(/\.ko(\.\w+)?$/, '');

const UNPACKERS = new Map([
  ['.xz', 'xz'],
  ['.zst', 'zstd'],
]);

/** Copies a module, unpacked: busybox's insmod takes no other. Errors: MODULE_FORMAT, CACHE_DAMAGED. */
export async function copyModule(kernel: Kernel, file: string, folder: string): Promise<void> {
  const target = path.join(folder, `${moduleName(file)}.ko`);
  if (file.endsWith('.ko')) {
    await copyFile(file, target).catch((error: unknown) => {
      throw error instanceof Error && 'code' in error && error.code === 'ENOENT'
        ? damaged(kernel.modulesRoot)
        : error;
    });
    return;
  }
  const unpacker = UNPACKERS.get(path.extname(file));
  if (!unpacker) {
    throw new CrashlabError(
      'host',
      'MODULE_FORMAT',
      `${file} is compressed in a way crashlab doesn’t know.`,
      {
        advice:
          'Unpack the modules, or install the kernel’s modules uncompressed, or packed with xz or zstd.',
      },
    );
  }
  const shell = await openShell();
  const unpacked = await shell`${unpacker} -dc ${file} > ${target}`;
  const itsOwn = unpacked.exitCode !== 0 && !missingProgram(unpacked) && !errnoIn(unpacked.stderr);
  if (itsOwn) throw damaged(kernel.modulesRoot);
  checked(unpacked, `unpacking ${path.basename(file)}`);
}
