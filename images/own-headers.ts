import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import { contentHash, sha256 } from '../harness/host/store.ts';
import type { Kernel } from './kernel-cache.ts';
import { findModules } from './own-modules.ts';

/**
 * The folder that `make -C` takes to build a module for a kernel of one's own: `headers`, or what the `build` link
 * of its modules leads to. Errors: NO_HEADERS.
 */
export async function ownHeaders(
  kernel: Pick<Kernel, 'release'>,
  options: { headers?: string; modules?: string },
): Promise<string> {
  const { headers, modules } = options;
  if (headers === undefined && modules === undefined) {
    throw noHeaders(`Nobody said where the headers of ${kernel.release} are.`);
  }
  const folder =
    headers === undefined
      ? path.join(await findModules(path.resolve(modules ?? ''), kernel.release), 'build')
      : path.resolve(headers);
  const built = await releaseOfHeaders(folder);
  if (built === kernel.release) return folder;
  if (built !== null)
    throw noHeaders(`${folder} holds the headers of ${built}; the kernel is ${kernel.release}.`);
  throw noHeaders(`${folder} holds no kernel’s headers (no include/config/kernel.release).`);
}

/** Changes when the kernel there was configured or built anew. */
export async function fingerprintHeaders(folder: string): Promise<string> {
  const names = ['include/config/auto.conf', 'Module.symvers'];
  const digests = names.map((name) => readFile(path.join(folder, name)).then(sha256, () => null));
  return contentHash(folder, await Promise.all(digests));
}

async function releaseOfHeaders(folder: string): Promise<string | null> {
  const release = await readFile(path.join(folder, 'include/config/kernel.release'), 'utf8').catch(
    () => null,
  );
  // modules_install leaves the link to a tree that may be gone, or cleaned, since.
  const configured = await access(path.join(folder, 'Makefile')).then(
    () => true,
    () => false,
  );
  return configured ? (release?.trim() ?? null) : null;
}

function noHeaders(message: string): CrashlabError {
  return new CrashlabError('usage', 'NO_HEADERS', message, {
    advice:
      'The lab module is built with the kernel’s own tree: the link `build` in the folder of --modules must lead there.',
  });
}
