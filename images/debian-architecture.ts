import { CrashlabError } from '../harness/host/error.ts';
import type { Specification } from './specification.ts';

/** Debian's names for the architectures a guest can have. */
const DEBIAN_NAMES = new Map([
  ['x86-64', 'amd64'],
  ['arm64', 'arm64'],
]);

/** Debian's names for what Node calls a host. */
const HOSTS = new Map([
  ['x64', 'amd64'],
  ['arm64', 'arm64'],
]);

/** What GNU's programs for one of Debian's architectures are called by. */
const TRIPLETS = new Map([
  ['amd64', 'x86_64-linux-gnu'],
  ['arm64', 'aarch64-linux-gnu'],
]);

/** Debian's name for this host, or Node's where Debian has none that is known here. */
export const hostArchitecture = () => HOSTS.get(process.arch) ?? process.arch;

/** How programs are called that this host needs for code of another architecture; null for its own. */
export function crossTriplet(architecture: string): string | null {
  return architecture === hostArchitecture() ? null : (TRIPLETS.get(architecture) ?? null);
}

export const DEFAULT_ARCHITECTURE = 'x86-64';

/** Errors: NO_ARCHITECTURE. */
export function debianName(arch: string): string {
  const name = DEBIAN_NAMES.get(arch);
  if (name) return name;
  throw new CrashlabError('usage', 'NO_ARCHITECTURE', `crashlab fetches no kernels for ${arch}.`, {
    advice: `There are: ${[...DEBIAN_NAMES.keys()].join(', ')}.`,
  });
}

/**
 * The architecture of the kernel a specification names: the one that was asked for, or the one its own name says,
 * e.g. linux-image-6.1.0-56-cloud-arm64 or debian:6.12-arm64. Errors: NO_KERNEL where the two differ.
 */
export function architectureOf(wanted: Specification, specification: string, asked?: string): string {
  const word = 'package' in wanted ? (/[^-]+$/.exec(wanted.package)?.[0] ?? '') : wanted.flavour;
  const [said] = [...DEBIAN_NAMES].find(([, name]) => name === word) ?? [];
  if (asked === undefined || said === undefined || said === asked)
    return asked ?? said ?? DEFAULT_ARCHITECTURE;
  throw new CrashlabError(
    'usage',
    'NO_KERNEL',
    `${specification} is a kernel for ${said}, not for ${asked}.`,
    {
      advice: `Say --arch ${said}, or name a kernel for ${asked}, e.g. debian:6.12-${debianName(asked)}.`,
    },
  );
}
