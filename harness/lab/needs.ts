import type { Architecture, MachineFeature } from '../machine/architecture.ts';
import type { Cell } from './record.ts';

/**
 * What a scenario needs beyond a guest with netconsole. `vcpus:N` is met by giving the guest that many; the others are
 * there or not, and a run in a cell that lacks one is skipped with the reason.
 */
export type Need =
  /** What only its guests can die of. */
  | 'x86-64'
  /** A PS/2 keyboard and a keyboard driver. */
  | 'keyboard'
  /** QMP's inject-nmi. */
  | 'nmi'
  /** QEMU's gdb stub and knowledge of the architecture's code. */
  | 'gdb-stub'
  /** The NIC can be unplugged. */
  | 'hotplug'
  /** `guest.captureKernel`. */
  | 'capture-kernel'
  /** The wire is ours (`--wire stream`): faults, traffic. */
  | 'own-wire'
  /** The lab's kernel module, built for this kernel. */
  | 'lab-module'
  | `vcpus:${number}`
  /** A module of the kernel's own, or the same built in: `module:bonding`. */
  | `module:${string}`;

/** What a cell can give. */
export interface Offer {
  architecture: Pick<Architecture, 'name' | 'offers'>;
  wire: 'stream' | 'udp';
  /** Modules that this kernel has, of those any scenario needs. */
  modules: ReadonlySet<string>;
  /** Null when the lab’s module is there, else why not, a sentence. */
  labModule: string | null;
}

/** Modules that these scenarios need, by name. */
export function neededModules(scenarios: readonly { needs: readonly Need[] }[]): string[] {
  const named = scenarios.flatMap(({ needs }) => needs.flatMap((need) => moduleOf(need) ?? []));
  return [...new Set(named)].sort();
}

/** What the cell lacks, a sentence; null when it has everything. */
export function lacking(needs: readonly Need[], cell: Cell, offer: Offer): string | null {
  for (const need of needs) {
    const module = moduleOf(need);
    if (module !== null && !offer.modules.has(module)) return `${cell.kernel} has no module ${module}.`;
    if (need === 'own-wire' && offer.wire !== 'stream') {
      return 'It needs a wire of our own: --wire stream.';
    }
    if (need === 'lab-module' && offer.labModule !== null) {
      return `The lab’s module can’t be had for ${cell.kernel}: ${offer.labModule}`;
    }
    if (need === 'x86-64' && offer.architecture.name !== need) {
      return `What it dies of is ${need}’s own: this guest is ${offer.architecture.name}.`;
    }
    if (isFeature(need) && !offer.architecture.offers.includes(need)) {
      return `A guest of architecture ${offer.architecture.name} has no ${need}.`;
    }
  }
  return null;
}

/** The cell with at least as many vCPUs as are needed. */
export function withVcpus(needs: readonly Need[], cell: Cell): Cell {
  const wanted = needs.map((need) => Number(/^vcpus:(\d+)$/.exec(need)?.[1] ?? 1));
  const vcpus = Math.max(cell.vcpus, ...wanted);
  return vcpus === cell.vcpus ? cell : { ...cell, vcpus };
}

const FEATURES: readonly Need[] = [
  'keyboard',
  'nmi',
  'gdb-stub',
  'capture-kernel',
  'hotplug',
] satisfies MachineFeature[];
const isFeature = (need: Need): need is MachineFeature => FEATURES.includes(need);

const moduleOf = (need: Need) => /^module:(.+)$/.exec(need)?.[1] ?? null;
