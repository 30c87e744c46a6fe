import { serveBeforeInit } from '../../images/before-init.ts';
import { carryCapture } from '../../images/capture.ts';
import { buildInitramfs } from '../../images/initramfs.ts';
import type { Kernel } from '../../images/kernel.ts';
import { type LabModuleFile, obtainLabModule } from '../../images/lab-module.ts';
import { modulesThere } from '../../images/modules.ts';
import { CrashlabError } from '../host/error.ts';
import { architectureNamed } from '../machine/architecture.ts';
import type { MachineSpecification, WireKind } from '../machine/arguments.ts';
import type { NamedScenario } from './catalogue.ts';
import { type GuestOptions, modulesOf, specificationOf } from './guests.ts';
import { lacking, neededModules } from './needs.ts';
import type { PlannedRun } from './plan.ts';
import type { Cell } from './record.ts';
import type { Boot } from './scenario.ts';

/** What the guests of a run are made with, found out once for all of them. */
export interface Outfit {
  /** What a scenario needs and the cell lacks, a sentence; null when it has everything. */
  lacks: (scenario: NamedScenario, cell: Cell) => string | null;
  specificationOf: (run: Pick<PlannedRun, 'scenario' | 'cell'>) => MachineSpecification;
  /** The file of the lab module for the cell's kernel, where a scenario needs one and it can be had. */
  labModuleOf: (cell: Cell) => string | null;
}

interface OutfitOptions {
  kernels: readonly Kernel[];
  catalogue: readonly NamedScenario[];
  /** Those that are to be run. */
  scenarios: readonly NamedScenario[];
  /** Where the modules of the user's own kernel are. */
  modules?: string;
  accelerationOf: (arch: string) => GuestOptions['acceleration'];
  wire: WireKind;
  append: string;
  signal: AbortSignal;
}

/** How a scenario's guests come up. */
type Start = 'plain' | NonNullable<Boot['start']>;

/** What is known of the guests of one kernel and network card. */
interface Rack {
  kernel: Kernel;
  /** Their initramfs; null where no scenario starts so. All is null where the kernel lacks a driver. */
  archives: Record<Start, string | null> | null;
  why: string;
  modules: ReadonlySet<string>;
  labModule: LabModuleFile | null;
}

/**
 * Fits out every cell. One kernel of several may lack a NIC's driver, as Debian's cloud kernels do: runs in its cells
 * are skipped. Where no cell is left that is an error: KERNEL_WITHOUT.
 */
export async function fitOut(cells: readonly Cell[], options: OutfitOptions): Promise<Outfit> {
  const racks = new Map<string, Rack>();
  let failure: CrashlabError | null = null;
  for (const cell of cells) {
    const key = rackKey(cell);
    const kernel = options.kernels.find(({ release }) => release === cell.kernel);
    if (!kernel) throw new Error(`no kernel ${cell.kernel} for its cell`);
    if (racks.has(key)) continue;
    const { rack, error } = await rackOf(cell, kernel, options);
    racks.set(key, rack);
    failure ??= error;
  }
  if (failure && [...racks.values()].every(({ archives }) => archives === null)) throw failure;
  const rackFor = (cell: Cell) => {
    const rack = racks.get(rackKey(cell));
    if (!rack) throw new Error(`no outfit for the cell of ${cell.kernel}`);
    return rack;
  };
  return {
    labModuleOf(cell) {
      const { labModule } = rackFor(cell);
      return labModule && 'file' in labModule ? labModule.file : null;
    },
    lacks({ scenario }, cell) {
      const { archives, why, modules, labModule } = rackFor(cell);
      if (archives === null) return why;
      const offer = {
        architecture: architectureNamed(cell.arch),
        wire: options.wire,
        modules,
        labModule: labModule && 'unavailable' in labModule ? labModule.unavailable : null,
      };
      return lacking(scenario.needs, cell, offer);
    },
    specificationOf({ scenario: { scenario }, cell }) {
      const { kernel, archives } = rackFor(cell);
      const { append, wire, accelerationOf } = options;
      const { boot = {} } = scenario;
      const initramfs = archives?.[boot.start ?? 'plain'] ?? null;
      if (initramfs === null)
        throw new Error(`a run in a cell without its driver: ${cell.kernel}, ${cell.nic}`);
      const machine = { acceleration: accelerationOf(cell.arch), wire, append, boot };
      return specificationOf(cell, kernel, initramfs, machine);
    },
  };
}

const rackKey = ({ kernel, nic }: Cell) => `${kernel} ${nic}`;

async function rackOf(
  cell: Cell,
  kernel: Kernel,
  { catalogue, scenarios, modules: ownModules, signal }: OutfitOptions,
): Promise<{ rack: Rack; error: CrashlabError | null }> {
  // Of the whole catalogue, so that every choice of scenarios has the same initramfs and template.
  const carried = neededModules(catalogue.map(({ scenario }) => scenario));
  const modules = await modulesThere(kernel, carried);
  const wanted = scenarios.some(({ scenario }) => scenario.needs.includes('lab-module'));
  const own = ownModules === undefined ? {} : { modules: ownModules };
  const labModule = wanted ? await obtainLabModule(kernel, { ...own, signal }) : null;
  const rack = { kernel, modules, labModule, why: '' };
  try {
    const files = labModule && 'file' in labModule ? [labModule.file] : [];
    const plain = await buildInitramfs(kernel, modulesOf(cell), { carried, files, signal });
    const starts = new Set(scenarios.map(({ scenario }) => scenario.boot?.start));
    const withCapture = starts.has('with-capture')
      ? await carryCapture(kernel, plain, await buildInitramfs(kernel, modulesOf(cell), { signal }))
      : null;
    const beforeInit = starts.has('before-init') ? await serveBeforeInit(plain) : null;
    return {
      rack: { ...rack, archives: { plain, 'with-capture': withCapture, 'before-init': beforeInit } },
      error: null,
    };
  } catch (error) {
    if (!(error instanceof CrashlabError) || error.code !== 'KERNEL_WITHOUT') throw error;
    return { rack: { ...rack, archives: null, why: error.message }, error };
  }
}
