import type { Kernel } from '../../images/kernel.ts';
import { modulesThere } from '../../images/modules.ts';
import { architectureNamed, NETWORK_CARDS } from '../machine/architecture.ts';
import type { NamedScenario } from './catalogue.ts';
import { lacking, neededModules } from './needs.ts';

/** What can be run on a kernel, as far as it shows without a guest: whether the lab module can be had, it does not. */
export interface Reach {
  release: string;
  arch: string;
  /** The network cards that it has the driver of, by name. */
  nics: string[];
  /** Why scenarios would be skipped, a sentence by their name. */
  lacks: Record<string, string>;
}

/** Which of the scenarios the kernel can carry, and on which network cards. */
export async function reachOf(kernel: Kernel, catalogue: readonly NamedScenario[]): Promise<Reach> {
  const { release, arch } = kernel;
  const cards = Object.values(NETWORK_CARDS);
  const drivers = cards.flatMap(({ modules }) => modules);
  const needed = neededModules(catalogue.map(({ scenario }) => scenario));
  const modules = await modulesThere(kernel, [...needed, ...drivers]);
  const nics = cards.filter((card) => card.modules.every((name) => modules.has(name)));
  const cell = { kernel: release, arch, nic: '', vcpus: 1, panic: 0, format: 'extended' } as const;
  const offer = { architecture: architectureNamed(arch), wire: 'stream', modules, labModule: null } as const;
  const lacks = catalogue.flatMap(({ name, scenario }) => {
    const why = lacking(scenario.needs, cell, offer);
    return why === null ? [] : [[name, why] as const];
  });
  return { release, arch, nics: nics.map(({ name }) => name), lacks: Object.fromEntries(lacks) };
}
