import { buildInitramfs } from '../../images/initramfs.ts';
import { type Kernel, obtainKernel } from '../../images/kernel.ts';
import { obtainLabModule } from '../../images/lab-module.ts';
import { acceleration } from '../machine/accelerator.ts';
import { ARCHITECTURES } from '../machine/architecture.ts';
import { beginExperiment, type Experiment } from './experiment.ts';
import { GuestMaker, modulesOf, specificationOf } from './guests.ts';
import type { Cell } from './record.ts';
import { CellLacks } from './skip.ts';

/** A guest for somebody else's test: what is not said is as `crashlab run` has it. */
export interface ExperimentOptions {
  /** `debian`, `debian:6.12@trixie`, a release in the cache. */
  kernel?: string;
  vcpus?: number;
  /** `panic=`, seconds; 0 by default. */
  panic?: number;
  format?: Cell['format'];
  nic?: string;
  /** Further kernel parameters: the guest then has a template of its own. */
  append?: string;
  /** Modules of the kernel's own that `guest.load` may be asked for. */
  modules?: string[];
  /** Whether the lab's own module is made for the kernel, for `guest.lab`. */
  labModule?: boolean;
  bootTimeoutMs?: number;
  /** Ends everything. */
  signal?: AbortSignal;
}

const BOOT_TIMEOUT_MS = 120_000;

/**
 * A guest that is up, its netconsole working and the marker written, outside of any run. Dispose when done: nothing of
 * it is left. Errors: those of kernels, hosts and guests, each a CrashlabError; CellLacks where the lab's module can't be
 * made.
 */
export async function openExperiment(
  options: ExperimentOptions = {},
): Promise<Experiment & AsyncDisposable & { cell: Cell }> {
  const { signal = new AbortController().signal, bootTimeoutMs = BOOT_TIMEOUT_MS, append = '' } = options;
  const kernel = await obtainKernel(options.kernel ?? 'debian', { signal });
  const cell: Cell = {
    kernel: kernel.release,
    arch: kernel.arch,
    nic: options.nic ?? 'virtio-net',
    vcpus: options.vcpus ?? 1,
    panic: options.panic ?? 0,
    format: options.format ?? 'extended',
  };
  const emulator = ARCHITECTURES[cell.arch]?.emulator ?? '';
  const linux = async () => ({
    kernel: kernel.image,
    initramfs: await buildInitramfs(kernel, [], { signal }),
  });
  const proved = await acceleration(emulator, linux, { signal });
  const machine = { acceleration: proved, wire: 'stream', append } as const;
  const labModule = options.labModule === true ? await labModuleOf(kernel, signal) : null;
  const initramfs = await buildInitramfs(kernel, modulesOf(cell), {
    carried: options.modules ?? [],
    files: labModule === null ? [] : [labModule],
    signal,
  });
  const maker = new GuestMaker({
    ...machine,
    bootTimeoutMs,
    signal,
    onTemplate: () => undefined,
  });
  const { guest, kernel: view } = await maker.make(cell, specificationOf(cell, kernel, initramfs, machine));
  try {
    const experiment = await beginExperiment({ guest, kernel: view, cell, signal: guest.signal, labModule });
    return { ...experiment, cell, [Symbol.asyncDispose]: () => guest[Symbol.asyncDispose]() };
  } catch (error) {
    await guest[Symbol.asyncDispose]();
    throw error;
  }
}

async function labModuleOf(kernel: Kernel, signal: AbortSignal): Promise<string> {
  const made = await obtainLabModule(kernel, { signal });
  if ('file' in made) return made.file;
  throw new CellLacks(`The lab’s module can’t be had for ${kernel.release}: ${made.unavailable}`);
}
