import { access, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import type { AptRoot } from './apt.ts';
import { dependenciesOf, findPackages } from './apt-packages.ts';
import { checked, openShell } from './shell.ts';
import { parseSpecification } from './specification.ts';

/** A package of a kernel's image, in a mirror. */
export interface KernelPackage {
  name: string;
  version: string;
}

/** The newest package a specification names. Errors: NO_KERNEL with the versions there are. */
export async function findKernelPackage(root: AptRoot, specification: string): Promise<KernelPackage> {
  const flavour = `cloud-${root.architecture}`;
  const wanted = parseSpecification(specification);
  const pattern =
    'package' in wanted
      ? exactly(await concretePackage(root, wanted.package))
      : wanted.version === null
        ? exactly(await concretePackage(root, `linux-image-${flavour}`))
        : new RegExp(`^linux-image-${escaped(wanted.version)}[.+-].*\\d.*-${flavour}$`);
  const [found] = await findPackages(root, pattern);
  if (found) return found;
  const all = await findPackages(root, new RegExp(String.raw`^linux-image-\d.*-${flavour}$`));
  const known = [...new Set(all.map(({ name }) => /^linux-image-(\d+\.\d+)/.exec(name)?.[1]))];
  throw new CrashlabError('usage', 'NO_KERNEL', `${root.suite} has no kernel "${specification}".`, {
    advice: known.length
      ? `It has ${known.map((version) => `debian:${version}`).join(', ')}; another suite: ${specification}@sid.`
      : `Name another suite: ${specification}@sid.`,
  });
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
