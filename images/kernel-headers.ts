import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { CrashlabError } from '../harness/host/error.ts';
import { storeEntry } from '../harness/host/store.ts';
import { type AptRoot, openAptRoot } from './apt.ts';
import { dependenciesOf, download } from './apt-packages.ts';
import { hostRelease } from './debian.ts';
import { crossTriplet, debianName, hostArchitecture } from './debian-architecture.ts';
import type { Kernel } from './kernel-cache.ts';
import { releaseOf } from './kernel-package.ts';
import { checked, openShell } from './shell.ts';

/** The package a kernel of Debian's came in. */
export interface DebianPackage {
  name: string;
  version: string;
  suite: string;
  architecture: string;
}

/** A Debian kernel's headers, unpacked as the packages have them. */
export interface Headers {
  /** A root: `usr/src` and `usr/lib` below it. */
  tree: string;
  /** The flavour's own build folder, below the root. */
  build: string;
  /** As its makefiles name it, e.g. `gcc-12`. */
  compiler: string;
  /** Packages that have the compiler and what kbuild's own programs need. */
  tools: string[];
  package: DebianPackage;
}

const Manifest = v.object({ compiler: v.string(), tools: v.array(v.string()) });

/** By the words that images/kernel.ts writes; null for a kernel of one's own. */
export function debianPackageOf({ source, arch }: Pick<Kernel, 'source' | 'arch'>): DebianPackage | null {
  const [, name, version, suite] = /^(linux-image-\S+) (\S+) \((\S+)\)$/.exec(source) ?? [];
  if (!name || !version || !suite) return null;
  return { name, version, suite, architecture: debianName(arch) };
}

/**
 * Fetches the headers of exactly this kernel, with kbuild's programs for this host. Errors: NO_HEADERS, and those of
 * the apt root.
 */
export async function obtainHeaders(wanted: DebianPackage, signal?: AbortSignal): Promise<Headers> {
  const release = releaseOf(wanted.name);
  const { folder } = await storeEntry('headers', entryName(wanted), {
    sound: async (entry) => (await readManifest(entry)) !== null,
    build: async (draft) => {
      const triplet = crossTriplet(wanted.architecture);
      await using root = await openSuite(wanted, signal);
      await using another = triplet === null ? null : await openSuite(toolsOf(wanted), signal);
      const host = another ?? root;
      const flavour = `linux-headers-${release}`;
      const needs = await dependenciesOf(root, `${flavour}=${wanted.version}`);
      const common = needs.find((name) => /^linux-headers-.*-common$/.test(name));
      const kbuild = needs.find((name) => name.startsWith('linux-kbuild-'));
      if (!common || !kbuild) throw noHeaders(wanted, flavour);
      const packages = path.join(draft, 'packages');
      await mkdir(packages);
      const names = [`${flavour}=${wanted.version}`, `${common}=${wanted.version}`];
      await download(root, names, packages, signal);
      await unpack(await download(host, [kbuild], packages, signal), path.join(draft, 'tree'));
      await rm(packages, { recursive: true });
      const libraries = (await dependenciesOf(host, kbuild)).filter(
        (name) => name.startsWith('lib') || name === 'zlib1g',
      );
      const compiler = await compilerOf(path.join(draft, 'tree', 'usr/src', flavour), wanted);
      const compilers = triplet === null ? needs.filter(hasCompiler) : [crossPackage(compiler, triplet)];
      await writeFile(
        path.join(draft, MANIFEST),
        JSON.stringify({ compiler, tools: [...compilers, ...libraries] }),
      );
    },
  });
  const manifest = await readManifest(folder);
  if (!manifest) throw noHeaders(wanted, folder);
  const tree = path.join(folder, 'tree');
  return {
    tree,
    build: path.join(tree, 'usr/src', `linux-headers-${release}`),
    ...manifest,
    package: wanted,
  };
}

const MANIFEST = 'headers.json';

/** What builds for a package: of its suite, and of this host's architecture. */
export const toolsOf = (wanted: DebianPackage): DebianPackage => ({
  ...wanted,
  architecture: hostArchitecture(),
});

const crossPackage = (compiler: string, triplet: string) => `${compiler}-${triplet.replaceAll('_', '-')}`;

/** The suite's lists of now; of the host's own release, its security updates as well. */
export async function openSuite(
  { suite, architecture }: DebianPackage,
  signal?: AbortSignal,
): Promise<AptRoot & AsyncDisposable> {
  const own = suite === (await hostRelease().catch(() => null));
  return openAptRoot({
    architecture,
    ...(own ? {} : { suite }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Unpacks packages over each other; needs no root. */
export async function unpack(files: string[], tree: string): Promise<void> {
  const shell = await openShell();
  for (const file of files) {
    checked(await shell`dpkg-deb -x ${file} ${tree}`, `unpacking ${path.basename(file)}`);
  }
}

/** In the cache, which hosts of several architectures may share. */
export function entryName({ name, version, architecture }: DebianPackage): string {
  const own = `${name}_${version.replaceAll(/[^\w.+~-]/g, '-')}`;
  return crossTriplet(architecture) === null ? own : `${own}_on-${hostArchitecture()}`;
}

const hasCompiler = (name: string) => /^(?:gcc-\d+(?:-for-host)?|linux-compiler-gcc-.*)$/.test(name);

/** Debian writes the compiler it built the kernel with into the flavour's `.kernelvariables`. */
async function compilerOf(build: string, wanted: DebianPackage): Promise<string> {
  const variables = await readFile(path.join(build, '.kernelvariables'), 'utf8').catch(() => '');
  const compiler = /\b(gcc-\d+)$/m.exec(variables)?.[1];
  if (!compiler) throw noHeaders(wanted, `a compiler’s name in ${build}`);
  return compiler;
}

async function readManifest(folder: string): Promise<v.InferOutput<typeof Manifest> | null> {
  try {
    await access(path.join(folder, 'tree/usr/src'));
    return v.parse(Manifest, JSON.parse(await readFile(path.join(folder, MANIFEST), 'utf8')));
  } catch {
    return null;
  }
}

function noHeaders({ name, version, suite }: DebianPackage, missing: string): CrashlabError {
  return new CrashlabError(
    'host',
    'NO_HEADERS',
    `The mirror’s ${suite} has no headers of ${name} ${version} (${missing}).`,
    {
      advice:
        'Mirrors drop the headers of kernels that were replaced: fetch the newest one, crashlab kernel add debian.',
    },
  );
}
