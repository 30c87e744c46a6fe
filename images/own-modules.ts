import { access, lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import { contentHash } from '../harness/host/store.ts';
import { openShell } from './shell.ts';

/** The folder of a release's modules: `modules` itself, or below it. Errors: NO_MODULES. */
export async function findModules(modules: string, release: string): Promise<string> {
  const below = ['', 'lib/modules', 'usr/lib/modules'].map((name) => path.join(modules, name));
  for (const folder of [modules, ...below.map((name) => path.join(name, release))]) {
    if (await isModules(folder)) return folder;
  }
  const others = (await Promise.all(below.map(releasesIn))).flat();
  throw noModules(
    others.length
      ? `--modules: ${modules} holds modules of ${others.join(', ')}; the image is ${release}.`
      : `--modules: ${modules} holds no kernel’s modules (no modules.order).`,
  );
}

/** A guest would refuse modules of another release, one by one. Errors: NO_MODULES. */
export async function checkModules(folder: string, release: string): Promise<void> {
  const other = await releaseOfModules(folder);
  if (other === null || other === release) return;
  throw noModules(`--modules: ${folder} holds modules of ${other}; the image is ${release}.`);
}

function noModules(message: string): CrashlabError {
  return new CrashlabError('usage', 'NO_MODULES', message, {
    advice:
      'It takes the folder that `make modules_install INSTALL_MOD_PATH=DIR` filled, or DIR/lib/modules/RELEASE.',
  });
}

async function releasesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(names.map((name) => isModules(path.join(folder, name))));
  return names.filter((_, index) => found[index]);
}

const isModules = (folder: string) =>
  access(path.join(folder, 'modules.order')).then(
    () => true,
    () => false,
  );

/** What the first module says it was built for; null for a kernel that has none. */
async function releaseOfModules(folder: string): Promise<string | null> {
  const order = await readFile(path.join(folder, 'modules.order'), 'utf8').catch(() => '');
  const first = order.split('\n')[0]?.replace(/\.k?o$/, '');
  if (!first) return null;
  const shell = await openShell();
  for (const suffix of ['.ko', '.ko.xz', '.ko.zst']) {
    const { exitCode, stdout } = await shell`modinfo -F vermagic ${path.join(folder, first + suffix)}`;
    if (exitCode === 0) return stdout.trim().split(' ')[0] || null;
  }
  return null;
}

/** Changes when any file in the folder does. */
export async function fingerprint(folder: string): Promise<string> {
  return contentHash(await filesBelow(folder));
}

/** Links are not followed: `build` leads to the whole kernel tree. */
async function filesBelow(folder: string): Promise<[name: string, size: number, mtimeMs: number][]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries.map(async (entry): Promise<[string, number, number][]> => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(file);
    const { size, mtimeMs } = await lstat(file);
    return [[file, size, mtimeMs]];
  });
  return (await Promise.all(found)).flat().sort(([a], [b]) => (a < b ? -1 : 1));
}
