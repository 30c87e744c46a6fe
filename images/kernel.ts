import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { storeEntry } from '../harness/host/store.ts';
import { openAptRoot } from './apt.ts';
import { download } from './apt-packages.ts';
import {
  cachedReleases,
  isSoundKernel,
  type Kernel,
  kernelOfRelease,
  readAlias,
  storedKernel,
  writeAlias,
  writeManifest,
} from './kernel-cache.ts';
import { findKernelPackage, partsOf, releaseOf, unpackKernel } from './kernel-package.ts';
import { parseSpecification } from './specification.ts';

export { type Kernel, listKernels } from './kernel-cache.ts';
export { ownKernel } from './own-kernel.ts';

/** Debian's name for the architecture a guest runs. */
const DEBIAN_ARCHITECTURE = new Map([['x86-64', 'amd64']]);

interface KernelOptions {
  /** Debian suite; the host's release by default. */
  suite?: string;
  arch?: string;
  signal?: AbortSignal;
}

/**
 * The kernel a specification names: `debian` (the release's own newest cloud kernel), `debian:6.12`,
 * a full package name, or a release that is in the cache. What is in the cache is used as it is; anything
 * else is fetched. Errors: NO_KERNEL, NO_NETWORK, NO_SUITE, APT_MISSING, CACHE_DAMAGED.
 */
export async function obtainKernel(
  specification: string,
  options: KernelOptions & { onFetch?: () => void } = {},
): Promise<Kernel> {
  const cached = (await readAlias(specification, options.suite)) ?? (await kernelOfRelease(specification));
  if (cached) return cached;
  parseSpecification(specification, await cachedReleases());
  options.onFetch?.();
  return addKernel(specification, options);
}

/** Fetches a kernel with apt, newest version, whatever the cache holds. */
export async function addKernel(specification: string, options: KernelOptions = {}): Promise<Kernel> {
  const { arch = 'x86-64', suite, signal } = options;
  parseSpecification(specification, await cachedReleases());
  await using root = await openAptRoot({
    architecture: DEBIAN_ARCHITECTURE.get(arch) ?? arch,
    ...(suite === undefined ? {} : { suite }),
    ...(signal === undefined ? {} : { signal }),
  });
  const found = await findKernelPackage(root, specification);
  const release = releaseOf(found.name);
  const { folder } = await storeEntry('kernels', entryName(found), {
    sound: isSoundKernel,
    build: async (draft) => {
      const packages = path.join(draft, 'packages');
      await mkdir(packages);
      const files = await download(root, await partsOf(root, found), packages, signal);
      await unpackKernel(draft, release, files);
      await rm(packages, { recursive: true });
      await writeManifest(draft, { release, arch, source: `${found.name} ${found.version} (${root.suite})` });
    },
  });
  await writeAlias(specification, suite, folder);
  return storedKernel(folder);
}

const entryName = ({ name, version }: { name: string; version: string }) =>
  `${name}_${version.replaceAll(/[^\w.+~-]/g, '-')}`;
