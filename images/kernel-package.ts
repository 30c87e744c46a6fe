import { access, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import type { AptRoot } from './apt.ts';
import { dependenciesOf, findPackages } from './apt-packages.ts';
import { checked, openShell } from './shell.ts';
import { parseSpecification, type Specification } from './specification.ts';

/** A package of a kernel's image, in a mirror. */
export interface KernelPackage {
  name: string;
  version: string;
}

/** The newest package a specification names. Errors: NO_KERNEL with the versions there are. */
export async function findKernelPackage(root: AptRoot, specification: string): Promise<KernelPackage> {
  const wanted = parseSpecification(specification);
  const flavour = 'package' in wanted ? 'cloud' : wanted.flavour;
  const [found] = await findPackages(root, await patternOf(root, wanted));
  if (found) return found;
  const all = await findPackages(root, packagePattern(String.raw`\d+`, flavourOf(root, flavour)));
  const known = [...new Set(all.map(({ name }) => /^linux-image-(\d+\.\d+)/.exec(name)?.[1]))];
  const suffix = flavour === 'cloud' ? '' : `-${flavour}`;
  throw new CrashlabError('usage', 'NO_KERNEL', `${root.suite} has no kernel "${specification}".`, {
    advice: known.length
      ? `It has ${known.map((version) => `debian:${version}${suffix}`).join(', ')}; another suite: ${specification}@sid.`
      : `Name another suite: ${specification}@sid.`,
  });
}

async function patternOf(root: AptRoot, wanted: Specification): Promise<RegExp> {
  if ('package' in wanted) return exactly(await concretePackage(root, wanted.package));
  const flavour = flavourOf(root, wanted.flavour);
  if (wanted.version !== null) return packagePattern(escaped(wanted.version), flavour);
  return exactly(await concretePackage(root, `linux-image-${flavour}`));
}

/** A flavour as the packages of the root's architecture end: `cloud-amd64`, `rt-amd64`, `amd64`. */
function flavourOf({ architecture }: AptRoot, flavour: string): string {
  return flavour === architecture ? architecture : `${flavour}-${architecture}`;
}

/**
 * `linux-image-6.1.0-56-amd64`, `linux-image-6.12.117+deb13-amd64`: between version and flavour there is what makes
 * up the rest of the ABI, always something, and never another flavour's name.
 */
function packagePattern(version: string, flavour: string): RegExp {
  return new RegExp(
    String.raw`^linux-image-${version}(?:[.+][\w.+~]*(?:-\d[\w.+~]*)?|-\d[\w.+~]*)-${flavour}$`,
  );
}

/** `linux-image-cloud-amd64` and its like are empty, and depend on the newest of their flavour. */
async function concretePackage(root: AptRoot, name: string): Promise<string> {
  if (/^linux-image-\d/.test(name)) return name;
  const names = await dependenciesOf(root, name);
  return names.find((dependency) => /^linux-image-\d/.test(dependency)) ?? name;
}

/** The packages that make up a kernel: 7.x has it split in parts. */
export async function partsOf(root: AptRoot, { name }: KernelPackage): Promise<string[]> {
  const release = releaseOf(name);
  const parts = new Set(['binary', 'modules', 'base'].map((kind) => `linux-${kind}-${release}`));
  return [name, ...(await dependenciesOf(root, name)).filter((dependency) => parts.has(dependency))];
}

/** The release a package's image reports, by its name. */
export const releaseOf = (name: string) => name.replace(/^linux-image-/, '').replace(/-unsigned$/, '');

/** Both of Debian's layouts: /boot + /lib/modules (to 6.x), and /usr/lib/modules with the image in it (7.x). */
export async function unpackKernel(draft: string, release: string, packages: string[]): Promise<void> {
  const tree = path.join(draft, 'tree');
  const shell = await openShell();
  for (const file of packages) {
    checked(await shell`dpkg-deb -x ${file} ${tree}`, `unpacking ${path.basename(file)}`);
  }
  const image = await firstOf(tree, [`boot/vmlinuz-${release}`, `usr/lib/modules/${release}/vmlinuz`]);
  const modules = await firstOf(tree, [`lib/modules/${release}`, `usr/lib/modules/${release}`]);
  if (!image || !modules) {
    throw new CrashlabError(
      'host',
      'KERNEL_LAYOUT',
      `The packages of ${release} hold no image and modules in a place crashlab knows.`,
      { advice: 'Unpack them yourself and say --kernel bzImage --modules DIR.' },
    );
  }
  await mkdir(path.join(draft, 'lib/modules'), { recursive: true });
  await rename(image, path.join(draft, 'vmlinuz'));
  await rename(modules, path.join(draft, 'lib/modules', release));
  await rm(tree, { recursive: true });
  await orderModules(draft, release);
}

/** Lets depmod find out which module needs which. */
export async function orderModules(folder: string, release: string): Promise<void> {
  const shell = await openShell();
  checked(await shell`depmod -b ${folder} ${release}`, `ordering the modules of ${release}`);
}

async function firstOf(tree: string, names: string[]): Promise<string | null> {
  for (const name of names) {
    const file = path.join(tree, name);
    if (await exists(file)) return file;
  }
  return null;
}

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

const exactly = (name: string) => new RegExp(`^${escaped(name)}$`);

const escaped = (text: string) => text.replaceAll(/[.+~]/g, String.raw`\$&`);
