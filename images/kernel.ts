import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import { storeEntry } from '../harness/host/store.ts';
import { openAptRoot } from './apt.ts';
import { download } from './apt-packages.ts';
import {
  cachedReleases,
  isSoundKernel,
  type Kernel,
  kernelOfRelease,
  readAlias,
  readAnyAlias,
  storedKernel,
  writeAlias,
  writeManifest,
} from './kernel-cache.ts';
import { architectureOf, debianName } from './debian-architecture.ts';
import { findKernelPackage, partsOf, releaseOf, unpackKernel } from './kernel-package.ts';
import { parseSpecification } from './specification.ts';

export { type Kernel, listKernels } from './kernel-cache.ts';
export { ownKernel } from './own-kernel.ts';

interface KernelOptions {
  /** Debian suite; the host's release by default. */
  suite?: string;
  /** Of Debian's kernels; x86-64 where neither this nor the specification says another. */
  arch?: string;
  signal?: AbortSignal;
}

/**
 * The kernel a specification names: `debian` (the release's own newest cloud kernel), `debian:6.12`, another flavour
 * as `debian:6.12-rt`, a full package name, or a release that is in the cache; `@SUITE` behind it is the same as the
 * option. What is in the cache is used as it is; anything else is fetched. Errors: NO_KERNEL, NO_ARCHITECTURE,
 * NO_NETWORK, NO_SUITE, APT_MISSING, CACHE_DAMAGED.
 */
export async function obtainKernel(
  written: string,
  given: KernelOptions & { onFetch?: () => void } = {},
): Promise<Kernel> {
  const { specification, options } = withSuite(written, given);
  const { suite, arch: asked } = options;
  const released = await kernelOfRelease(specification);
  if (released && asked !== undefined && released.arch !== asked) throw otherArchitecture(released, asked);
  if (released) return released;
  const wanted = parseSpecification(specification, await cachedReleases());
  const arch = architectureOf(wanted, specification, asked);
  const cached = await readAlias(specification, { suite, arch });
  if (cached) return cached;
  const elsewhere = suite === undefined ? await readAnyAlias(specification, arch) : null;
  if (elsewhere) return elsewhere;
  options.onFetch?.();
  return addKernel(specification, options);
}

/** Fetches a kernel with apt, newest version, whatever the cache holds. */
export async function addKernel(written: string, given: KernelOptions = {}): Promise<Kernel> {
  const { specification, options } = withSuite(written, given);
  const { suite, signal } = options;
  const wanted = parseSpecification(specification, await cachedReleases());
  const arch = architectureOf(wanted, specification, options.arch);
  await using root = await openAptRoot({
    architecture: debianName(arch),
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
  await writeAlias(specification, { suite, arch }, folder);
  return storedKernel(folder);
}

/** `debian:7@sid` is `debian:7` from sid: several kernels of one command may be of several suites. */
function withSuite<Options extends KernelOptions>(written: string, options: Options) {
  const [, specification = written, suite] = /^([^@/]+)@([^@/]+)$/.exec(written) ?? [];
  return { specification, options: suite === undefined ? options : { ...options, suite } };
}

const entryName = ({ name, version }: { name: string; version: string }) =>
  `${name}_${version.replaceAll(/[^\w.+~-]/g, '-')}`;

function otherArchitecture({ release, arch }: Kernel, asked: string): CrashlabError {
  return new CrashlabError('usage', 'NO_KERNEL', `${release} is a kernel for ${arch}, not for ${asked}.`, {
    advice: `Say --arch ${arch}, or nothing.`,
  });
}
