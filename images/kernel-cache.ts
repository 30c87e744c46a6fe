import { access, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { CrashlabError } from '../harness/host/error.ts';
import { cacheRoot } from '../harness/host/paths.ts';
import { contentHash, replaceFile, sha256 } from '../harness/host/store.ts';
import { DEFAULT_ARCHITECTURE } from './debian-architecture.ts';

/** A kernel on this host: an image and its modules, ready for an initramfs. */
export interface Kernel {
  /** As `uname -r` prints it; also the name of its module folder. */
  release: string;
  arch: string;
  /** The bootable image. */
  image: string;
  /** A depmod root: `lib/modules/RELEASE` below it. */
  modulesRoot: string;
  /** Where it is from, in words. */
  source: string;
  /** Identifies the content; part of every cache key made from this kernel. */
  hash: string;
}

const Manifest = v.object({
  release: v.string(),
  arch: v.string(),
  source: v.string(),
  hash: v.string(),
  /** Of the image, in hex. */
  sha256: v.string(),
});

export const shelf = () => path.join(cacheRoot(), 'kernels');

/**
 * Completes an entry that has its `vmlinuz` and `lib/modules/RELEASE`. `modules` tells these modules from others
 * for the same image.
 */
export async function writeManifest(
  folder: string,
  about: { release: string; arch: string; source: string },
  modules = '',
): Promise<void> {
  const digest = sha256(await readFile(path.join(folder, 'vmlinuz')));
  const manifest = { ...about, hash: contentHash(about, digest, modules), sha256: digest };
  await writeFile(path.join(folder, 'kernel.json'), JSON.stringify(manifest));
}

/** The kernel in an entry; null where the image is not the one that was stored, or its modules are gone. */
export async function readKernel(folder: string): Promise<Kernel | null> {
  const manifest = await readManifest(folder);
  if (!manifest) return null;
  const { sha256: digest, ...about } = manifest;
  const kernel = { ...about, image: path.join(folder, 'vmlinuz'), modulesRoot: folder };
  try {
    await access(path.join(folder, 'lib/modules', about.release, 'modules.dep'));
    return sha256(await readFile(kernel.image)) === digest ? kernel : null;
  } catch {
    return null;
  }
}

/** For `storeEntry`. */
export async function isSoundKernel(folder: string): Promise<boolean> {
  return (await readKernel(folder)) !== null;
}

/** The kernel that was just stored. */
export async function storedKernel(folder: string): Promise<Kernel> {
  const kernel = await readKernel(folder);
  if (kernel) return kernel;
  throw damaged(folder);
}

/** An entry that was whole and no longer is. */
export function damaged(folder: string): CrashlabError {
  return new CrashlabError('host', 'CACHE_DAMAGED', `The kernel in ${folder} is damaged.`, {
    advice: `Remove it, then add it again: rm -r '${folder}'`,
  });
}

/** Every whole kernel in the cache. */
export async function listKernels(): Promise<Kernel[]> {
  const kernels = await Promise.all((await entries()).map(readKernel));
  return kernels.filter((kernel) => kernel !== null);
}

/** The kernel of a release. Errors: CACHE_DAMAGED where the only one is not whole. */
export async function kernelOfRelease(release: string): Promise<Kernel | null> {
  let broken: string | null = null;
  for (const folder of await entries()) {
    if ((await readManifest(folder))?.release !== release) continue;
    const kernel = await readKernel(folder);
    if (kernel) return kernel;
    broken = folder;
  }
  if (broken) throw damaged(broken);
  return null;
}

/** Releases in the cache, whole or not: for "did you mean". */
export async function cachedReleases(): Promise<string[]> {
  const manifests = await Promise.all((await entries()).map(readManifest));
  return manifests.flatMap((manifest) => manifest?.release ?? []);
}

async function entries(): Promise<string[]> {
  const names = await readdir(shelf()).catch(() => []);
  return names
    .filter((name) => !name.includes('.draft-'))
    .sort()
    .map((name) => path.join(shelf(), name));
}

async function readManifest(folder: string): Promise<v.InferOutput<typeof Manifest> | null> {
  const parsed = v.safeParse(Manifest, await readJson(path.join(folder, 'kernel.json')));
  return parsed.success ? parsed.output : null;
}

/** Where a specification was looked up: the same words mean another kernel elsewhere. */
interface AliasPlace {
  suite: string | undefined;
  arch: string;
}

/** What a specification meant when it was last fetched. */
export async function readAlias(specification: string, place: AliasPlace): Promise<Kernel | null> {
  const entry = await readFile(aliasFile(specification, place), 'utf8').catch(() => '');
  return entry ? readKernel(path.join(shelf(), path.basename(entry))) : null;
}

/** What it meant in any suite, the one fetched last: a kernel that was added needs no suite to be named again. */
export async function readAnyAlias(specification: string, arch: string): Promise<Kernel | null> {
  const folder = path.join(cacheRoot(), 'kernel-aliases');
  const names = await readdir(folder).catch(() => []);
  const suites = names.map((name) => decodeURIComponent(name).split(' ')[0]);
  const places = [...new Set(suites)].map((suite) => ({ suite, arch }));
  const dated = await Promise.all(
    places.map(async (place) => ({ place, ms: await changedMs(aliasFile(specification, place)) })),
  );
  for (const { place } of dated.sort((a, b) => b.ms - a.ms)) {
    const kernel = await readAlias(specification, place);
    if (kernel) return kernel;
  }
  return null;
}

/** A file each, so that two kernels added at once don't forget one another. */
export async function writeAlias(specification: string, place: AliasPlace, folder: string): Promise<void> {
  await replaceFile(aliasFile(specification, place), path.basename(folder));
}

const changedMs = (file: string) =>
  stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );

function aliasFile(specification: string, { suite = 'host', arch }: AliasPlace): string {
  const words = [suite, specification, ...(arch === DEFAULT_ARCHITECTURE ? [] : [arch])];
  return path.join(cacheRoot(), 'kernel-aliases', encodeURIComponent(words.join(' ')));
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  }
}
