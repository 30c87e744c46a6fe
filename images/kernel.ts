import { access, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { $ } from 'zx';
import { CrashlabError } from '../harness/host/error.ts';
import { cacheRoot } from '../harness/host/paths.ts';
import { contentHash, storeEntry } from '../harness/host/store.ts';
import { type AptRoot, dependenciesOf, download, findPackages, openAptRoot } from './apt.ts';

const Kernel = v.object({
  /** As `uname -r` prints it; also the name of its module folder. */
  release: v.string(),
  arch: v.string(),
  /** The bootable image. */
  image: v.string(),
  /** A depmod root: `lib/modules/RELEASE` below it. */
  modulesRoot: v.string(),
  /** Where it is from, in words. */
  source: v.string(),
  /** Identifies the content; part of every cache key made from this kernel. */
  hash: v.string(),
});
/** A kernel on this host: an image and its modules, ready for an initramfs. */
export type Kernel = v.InferOutput<typeof Kernel>;

/** Debian's name for the architecture a guest runs. */
const DEBIAN_ARCHITECTURE = new Map([['x86-64', 'amd64']]);

/**
 * The kernel a specification names: `debian` (the release's own newest cloud kernel), `debian:6.12`,
 * a full package name, or a release that is in the cache. What is in the cache is used as it is; anything
 * else is fetched. Errors: NO_KERNEL, NO_NETWORK, NO_SUITE, APT_MISSING.
 */
export async function obtainKernel(
  specification: string,
  options: { suite?: string; arch?: string; onFetch?: () => void } = {},
): Promise<Kernel> {
  const cached = await cachedKernel(specification, options.suite);
  if (cached) return cached;
  parseSpecification(specification);
  options.onFetch?.();
  return addKernel(specification, options);
}

/** Fetches a kernel with apt, newest version, whatever the cache holds. */
export async function addKernel(
  specification: string,
  options: { suite?: string; arch?: string } = {},
): Promise<Kernel> {
  const arch = options.arch ?? 'x86-64';
  const architecture = DEBIAN_ARCHITECTURE.get(arch) ?? arch;
  parseSpecification(specification);
  const suite = options.suite === undefined ? {} : { suite: options.suite };
  const root = await openAptRoot({ ...suite, architecture, refresh: true });
  const { name, version } = await findKernelPackage(root, specification);
  const { folder } = await storeEntry('kernels', `${name}_${version.replaceAll(/[^\w.+~-]/g, '-')}`, {
    sound: isSoundKernel,
    build: async (draft) => {
      const release = name.replace(/^linux-image-(unsigned-)?/, '');
      const parts = (await dependenciesOf(root, name)).filter((part) =>
        ['binary', 'modules', 'base'].some((kind) => part === `linux-${kind}-${release}`),
      );
      await mkdir(path.join(draft, 'packages'));
      const packages = await download(root, [name, ...parts], path.join(draft, 'packages'));
      await unpackKernel(draft, release, packages);
      await writeManifest(draft, { release, arch, source: `${name} ${version} (${root.suite})` });
    },
  });
  const kernel = await readManifest(folder);
  await remember(aliasOf(specification, options.suite), folder);
  return kernel;
}

/** The user's own kernel: a bzImage and a folder that holds its modules (with or without lib/modules). */
export async function ownKernel(image: string, modules: string): Promise<Kernel> {
  for (const [what, file] of [
    ['--kernel', image],
    ['--modules', modules],
  ] as const) {
    await access(file).catch((error: unknown) => {
      throw new CrashlabError('usage', 'NO_KERNEL', `${what}: there is no ${file}.`, {
        advice: '--kernel takes a bzImage, --modules the folder that `make modules_install` filled.',
        cause: error,
      });
    });
  }
  const found = await findModules(path.resolve(modules));
  const bytes = await readFile(image);
  const stamp = contentHash(bytes.length, bytes.subarray(0, 1 << 20).toString('base64'), found, image);
  const { folder } = await storeEntry('kernels', `own-${found.release}-${stamp}`, {
    sound: isSoundKernel,
    build: async (draft) => {
      const target = path.join(draft, 'lib/modules');
      await mkdir(target, { recursive: true });
      await writeFile(path.join(draft, 'vmlinuz'), bytes);
      await $({ quiet: true })`cp -r ${found.folder} ${path.join(target, found.release)}`;
      await $({ quiet: true })`depmod -b ${draft} ${found.release}`;
      await writeManifest(draft, { release: found.release, arch: 'x86-64', source: image });
    },
  });
  return readManifest(folder);
}

/** Every kernel in the cache, by release. */
export async function listKernels(): Promise<Kernel[]> {
  const shelf = path.join(cacheRoot(), 'kernels');
  const names = await readdir(shelf).catch(() => []);
  const kernels: Kernel[] = [];
  for (const name of names.sort((a, b) => a.localeCompare(b))) {
    const folder = path.join(shelf, name);
    if (await isSoundKernel(folder)) kernels.push(await readManifest(folder));
  }
  return kernels;
}

async function cachedKernel(specification: string, suite: string | undefined): Promise<Kernel | null> {
  const aliases = await readAliases();
  const folder = aliases[aliasOf(specification, suite)];
  if (folder && (await isSoundKernel(path.join(cacheRoot(), 'kernels', folder)))) {
    return readManifest(path.join(cacheRoot(), 'kernels', folder));
  }
  const kernels = await listKernels();
  return kernels.find((kernel) => kernel.release === specification) ?? null;
}

function parseSpecification(specification: string): { version: string | null } | { package: string } {
  if (specification === 'debian') return { version: null };
  const version = /^debian:(\d+(?:\.\d+)*)$/.exec(specification)?.[1];
  if (version) return { version };
  if (/^linux-image-[a-z0-9][a-z0-9.+~-]+$/.test(specification)) return { package: specification };
  throw new CrashlabError('usage', 'NO_KERNEL', `"${specification}" names no kernel.`, {
    advice:
      'Say debian, debian:6.12, a package such as linux-image-6.1.0-56-cloud-amd64, or a release that crashlab kernel list shows; your own: --kernel bzImage --modules DIR.',
  });
}

async function findKernelPackage(
  root: AptRoot,
  specification: string,
): Promise<{ name: string; version: string }> {
  const wanted = parseSpecification(specification);
  const flavour = `cloud-${root.architecture}`;
  if ('package' in wanted) {
    const [found] = await findPackages(
      root,
      new RegExp(`^${wanted.package.replaceAll(/[.+]/g, String.raw`\$&`)}$`),
    );
    if (found) return found;
  } else if (wanted.version === null) {
    const names = await dependenciesOf(root, `linux-image-${flavour}`);
    const name = names.find((dependency) => /^linux-image-\d/.test(dependency));
    const [found] = name
      ? await findPackages(root, new RegExp(`^${name.replaceAll(/[.+]/g, String.raw`\$&`)}$`))
      : [];
    if (found) return found;
  } else {
    const version = wanted.version.replaceAll('.', String.raw`\.`);
    const [found] = await findPackages(
      root,
      new RegExp(String.raw`^linux-image-${version}[.+-].*\d.*-${flavour}$`),
    );
    if (found) return found;
  }
  const all = await findPackages(root, new RegExp(String.raw`^linux-image-\d.*-${flavour}$`));
  const known = [...new Set(all.map(({ name }) => /^linux-image-(\d+\.\d+)/.exec(name)?.[1]))];
  throw new CrashlabError('usage', 'NO_KERNEL', `${root.suite} has no kernel "${specification}".`, {
    advice: known.length
      ? `It has ${known.map((version) => `debian:${version}`).join(', ')}; another suite: --suite sid.`
      : 'Name another suite: --suite sid.',
  });
}

/** Both of Debian's layouts: /boot + /lib/modules (to 6.x), and /usr/lib/modules with the image in it (7.x). */
async function unpackKernel(draft: string, release: string, packages: string[]): Promise<void> {
  const tree = path.join(draft, 'tree');
  for (const file of packages) await $({ quiet: true })`dpkg-deb -x ${file} ${tree}`;
  const candidates = [
    { image: `boot/vmlinuz-${release}`, modules: `lib/modules/${release}` },
    { image: `boot/vmlinuz-${release}`, modules: `usr/lib/modules/${release}` },
    { image: `usr/lib/modules/${release}/vmlinuz`, modules: `usr/lib/modules/${release}` },
  ];
  for (const { image, modules } of candidates) {
    if (!(await exists(path.join(tree, image))) || !(await exists(path.join(tree, modules)))) continue;
    await mkdir(path.join(draft, 'lib/modules'), { recursive: true });
    await rename(path.join(tree, image), path.join(draft, 'vmlinuz'));
    await rename(path.join(tree, modules), path.join(draft, 'lib/modules', release));
    await $({ quiet: true })`depmod -b ${draft} ${release}`;
    await rm(tree, { recursive: true });
    await rm(path.join(draft, 'packages'), { recursive: true });
    return;
  }
  throw new CrashlabError(
    'host',
    'KERNEL_LAYOUT',
    `The packages of ${release} hold no image and modules in a place crashlab knows.`,
    {
      advice: 'Unpack them yourself and say --kernel bzImage --modules DIR.',
    },
  );
}

async function findModules(modules: string): Promise<{ folder: string; release: string }> {
  if (await exists(path.join(modules, 'modules.order')))
    return { folder: modules, release: path.basename(modules) };
  for (const below of ['lib/modules', 'usr/lib/modules', '.']) {
    const names = await readdir(path.join(modules, below)).catch(() => []);
    const releases = [];
    for (const name of names) {
      if (await exists(path.join(modules, below, name, 'modules.order'))) releases.push(name);
    }
    if (releases.length === 1 && releases[0])
      return { folder: path.join(modules, below, releases[0]), release: releases[0] };
  }
  throw new CrashlabError(
    'usage',
    'NO_MODULES',
    `${modules} holds no kernel’s modules (no modules.order), or several.`,
    {
      advice: 'Name the folder of one release, e.g. DIR/lib/modules/6.12.0.',
    },
  );
}

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

async function writeManifest(
  draft: string,
  about: { release: string; arch: string; source: string },
): Promise<void> {
  const image = await readFile(path.join(draft, 'vmlinuz'));
  const hash = contentHash(about, image.length, image.toString('base64'));
  await writeFile(
    path.join(draft, 'kernel.json'),
    JSON.stringify({ ...about, hash, imageBytes: image.length }),
  );
}

const Manifest = v.object({
  release: v.string(),
  arch: v.string(),
  source: v.string(),
  hash: v.string(),
  imageBytes: v.number(),
});

async function readManifest(folder: string): Promise<Kernel> {
  const { imageBytes: _, ...about } = v.parse(
    Manifest,
    JSON.parse(await readFile(path.join(folder, 'kernel.json'), 'utf8')),
  );
  return { ...about, image: path.join(folder, 'vmlinuz'), modulesRoot: folder };
}

/** Whole, as far as names and sizes tell; a folder that isn't is built anew. */
async function isSoundKernel(folder: string): Promise<boolean> {
  try {
    const manifest = v.parse(Manifest, JSON.parse(await readFile(path.join(folder, 'kernel.json'), 'utf8')));
    const image = await readFile(path.join(folder, 'vmlinuz'));
    const { release, arch, source, hash } = manifest;
    if (contentHash({ release, arch, source }, image.length, image.toString('base64')) !== hash) return false;
    return await exists(path.join(folder, 'lib/modules', release, 'modules.dep'));
  } catch {
    return false;
  }
}

const aliasOf = (specification: string, suite: string | undefined) => `${suite ?? 'host'}/${specification}`;
const aliasFile = () => path.join(cacheRoot(), 'kernels', 'aliases.json');

async function readAliases(): Promise<Record<string, string>> {
  const text = await readFile(aliasFile(), 'utf8').catch(() => '{}');
  const parsed = v.safeParse(v.record(v.string(), v.string()), safeJson(text));
  return parsed.success ? parsed.output : {};
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function remember(alias: string, folder: string): Promise<void> {
  const aliases = { ...(await readAliases()), [alias]: path.basename(folder) };
  const draft = `${aliasFile()}.draft-${process.pid}`;
  await writeFile(draft, JSON.stringify(aliases));
  await rename(draft, aliasFile());
}
