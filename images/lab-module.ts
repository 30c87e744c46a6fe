import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import { contentHash, sha256, storeEntry } from '../harness/host/store.ts';
import { anyHostCompiler, hostCompilerFor } from './host-compiler.ts';
import type { Kernel } from './kernel-cache.ts';
import { type DebianPackage, debianPackageOf, obtainHeaders } from './kernel-headers.ts';
import { compile, hostWorkshop, writeWrapper } from './lab-compile.ts';
import { copySources, hashSources } from './lab-sources.ts';
import { fingerprintHeaders, ownHeaders } from './own-headers.ts';

/** Change it when the way of building changes. */
const RECIPE = 1;

/** The module's file, or why this kernel can’t have it here. */
export type LabModuleFile = { file: string } | { unavailable: string };

/** Errors that mean: not with this kernel, on this host, today. Others, a full disk for one, are thrown. */
const UNAVAILABLE = new Set([
  ...['NO_HEADERS', 'NO_MODULES', 'NO_COMPILER', 'NO_TOOLCHAIN', 'MODULE_NOT_BUILT'],
  ...['NO_NETWORK', 'NO_SUITE', 'NO_SOURCES', 'APT_MISSING', 'UNTRUSTED', 'PROGRAM_MISSING'],
]);

const MODULE = 'crashlab.ko';
const DIGEST = 'sha256';

/**
 * The lab module (images/lab-module) for a kernel, from the cache or built with the kernel's own headers: on the
 * host where its compiler and C library fit, otherwise in a root of the kernel's own suite. `headers` is the build
 * tree of a kernel of one's own; by default where the `build` link of its `modules` leads.
 */
export async function obtainLabModule(
  kernel: Kernel,
  options: { headers?: string; modules?: string; signal?: AbortSignal } = {},
): Promise<LabModuleFile> {
  try {
    const debian = debianPackageOf(kernel);
    const own = debian ? null : await ownHeaders(kernel, options);
    // Which compiler Debian built a kernel with is part of its package, and so of its hash.
    const stamp = own === null ? null : await fingerprintHeaders(own);
    const name = `${kernel.release}-${contentHash(RECIPE, kernel.hash, stamp, await hashSources())}`;
    const { folder } = await storeEntry('lab-modules', name, {
      sound: isSoundModule,
      build: async (draft) => {
        const work = path.join(draft, 'work');
        await mkdir(work);
        await copySources(work);
        const log = debian
          ? await buildForDebian(debian, work, options.signal)
          : await buildForOwn(own ?? '', work, options.signal);
        await copyFile(path.join(work, MODULE), path.join(draft, MODULE));
        await rm(work, { recursive: true });
        await writeFile(path.join(draft, 'build.log'), log);
        await writeFile(path.join(draft, DIGEST), sha256(await readFile(path.join(draft, MODULE))));
      },
    });
    return { file: path.join(folder, MODULE) };
  } catch (error) {
    if (!(error instanceof CrashlabError) || !UNAVAILABLE.has(error.code)) throw error;
    return { unavailable: [error.message, error.advice].filter(Boolean).join(' ') };
  }
}

async function buildForDebian(debian: DebianPackage, work: string, signal?: AbortSignal): Promise<string> {
  const headers = await obtainHeaders(debian, signal);
  const host = await hostCompilerFor(headers);
  if ('why' in host) {
    const { buildInRoot } = await import('./build-root.ts');
    return buildInRoot(headers, { work, whyNotHost: host.why, signal });
  }
  const wrapper = path.join(work, 'headers.mk');
  await writeWrapper(headers, wrapper);
  // The compiler's name only where Debian's own isn't there: a variable here overrules every makefile.
  const variables = host.compiler === headers.compiler ? [] : [`CC=${host.compiler}`];
  return compile(hostWorkshop(work), { build: headers.build, wrapper, variables, signal });
}

async function buildForOwn(build: string, work: string, signal?: AbortSignal): Promise<string> {
  await anyHostCompiler();
  return compile(hostWorkshop(work), { build, signal });
}

async function isSoundModule(folder: string): Promise<boolean> {
  try {
    const expected = await readFile(path.join(folder, DIGEST), 'utf8');
    return sha256(await readFile(path.join(folder, MODULE))) === expected;
  } catch {
    return false;
  }
}
