import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import { contentHash, sha256, storeEntry } from '../harness/host/store.ts';
import { releaseOfImage } from './bzimage.ts';
import { isSoundKernel, type Kernel, storedKernel, writeManifest } from './kernel-cache.ts';
import { orderModules } from './kernel-package.ts';
import { checkModules, findModules, fingerprint } from './own-modules.ts';

/**
 * The user's own kernel: a bzImage and a folder that holds its modules (a release's own, or a root with
 * lib/modules). Copied, so that a build going on beside us can't change it under a guest; a changed one is another
 * kernel. Errors: NO_KERNEL, NO_MODULES.
 */
export async function ownKernel(image: string, modules: string): Promise<Kernel> {
  const bytes = await readFile(image).catch((error: unknown) => {
    throw noImage(`--kernel: ${image} can’t be read`, error);
  });
  const release = releaseOfImage(bytes);
  if (!release) throw noImage(`--kernel: ${image} is no bzImage of Linux for x86`);
  const found = await findModules(path.resolve(modules), release);
  const stamp = contentHash(path.resolve(image), sha256(bytes), found, await fingerprint(found));
  const { folder } = await storeEntry('kernels', `own-${release}-${stamp}`, {
    sound: isSoundKernel,
    build: async (draft) => {
      await checkModules(found, release);
      const target = path.join(draft, 'lib/modules');
      await mkdir(target, { recursive: true });
      await writeFile(path.join(draft, 'vmlinuz'), bytes);
      // `build` and `source` lead to the whole kernel tree.
      const filter = (file: string) => !['build', 'source'].some((name) => file === path.join(found, name));
      await cp(found, path.join(target, release), { recursive: true, verbatimSymlinks: true, filter });
      await orderModules(draft, release);
      await writeManifest(draft, { release, arch: 'x86-64', source: path.resolve(image) }, stamp);
    },
  });
  return storedKernel(folder);
}

function noImage(message: string, cause?: unknown): CrashlabError {
  return new CrashlabError('usage', 'NO_KERNEL', `${message}.`, {
    advice:
      '--kernel takes a bzImage (of your own build: arch/x86/boot/bzImage), --modules the folder of its modules.',
    cause,
  });
}
