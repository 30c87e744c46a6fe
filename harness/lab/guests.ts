import pRetry from 'p-retry';
import type { Kernel } from '../../images/kernel.ts';
import { bootGuest, type OnFailure } from '../guest/boot.ts';
import { type Guest, withDeadline } from '../guest/guest.ts';
import { KernelView } from '../guest/kernel-view.ts';
import { ADDRESSES, retargetNetconsole } from '../guest/netconsole-setup.ts';
import { cloneTemplate, isKept, obtainTemplate, type Template } from '../guest/template.ts';
import type { Acceleration } from '../machine/accelerator.ts';
import { architectureNamed, networkCardNamed } from '../machine/architecture.ts';
import type { MachineSpecification, WireKind } from '../machine/arguments.ts';
import { CrashlabError } from '../host/error.ts';
import type { Cell } from './record.ts';
import type { Boot } from './scenario.ts';

/** How guests are made, the same for all runs of a lab. */
export interface GuestOptions {
  acceleration: Acceleration;
  wire: WireKind;
  /** Further kernel parameters. */
  append: string;
  bootTimeoutMs: number;
  signal: AbortSignal;
  onTemplate: (kernel: string, state: 'booting' | 'ready' | 'failed', seconds?: number) => void;
}

/** A template that is being booted, or was. */
interface Booted {
  template: Promise<Template>;
  /** The guest that did not become one. */
  failed: () => Guest | null;
}

const BOOT_RETRIES = 2;

export const GUEST_MEMORY_MIB = 256;

/** The modules a cell's guest loads. */
export function modulesOf(cell: Cell): string[] {
  return [...architectureNamed(cell.arch).busModules, ...networkCardNamed(cell.nic).modules, 'netconsole'];
}

/** The machine of a cell, as a guest of `kernel` with this initramfs. */
export function specificationOf(
  cell: Cell,
  kernel: Kernel,
  initramfs: string,
  options: Pick<GuestOptions, 'acceleration' | 'wire' | 'append'> & { boot?: Boot },
): MachineSpecification {
  const architecture = architectureNamed(cell.arch);
  return {
    architecture,
    card: networkCardNamed(cell.nic),
    accelerator: options.acceleration.accelerator,
    vcpus: cell.vcpus,
    memoryMiB: options.boot?.memoryMiB ?? GUEST_MEMORY_MIB,
    devices: options.boot?.devices ?? [],
    kernel: kernel.image,
    initramfs,
    commandLine: [
      `console=${architecture.console}`,
      'ignore_loglevel',
      'printk.devkmsg=on',
      'sysrq_always_enabled=1',
      'panic=0',
      `crashlab.agent=${architecture.agent}`,
      options.append,
      options.boot?.append,
    ]
      .filter(Boolean)
      .join(' '),
    wire: options.wire,
    addresses: ADDRESSES,
    memory: null,
    incoming: false,
  };
}

/** Makes guests that are up and whose netconsole works; boots each template once. */
export class GuestMaker {
  private readonly options: GuestOptions;
  private readonly templates = new Map<string, Booted>();

  constructor(options: GuestOptions) {
    this.options = options;
  }

  /**
   * A guest for a cell: a clone, or with `fresh` one that was just booted. `onFailure` gets the one that failed, if
   * there was any; a template's is everybody's who waits for it.
   */
  async make(
    cell: Cell,
    specification: MachineSpecification,
    { fresh = false, onFailure }: { fresh?: boolean; onFailure?: OnFailure } = {},
  ): Promise<{ guest: Guest; kernel: KernelView }> {
    const { signal, bootTimeoutMs } = this.options;
    const told = onFailure === undefined ? {} : { onFailure };
    if (fresh) {
      const options = { format: cell.format, signal, bootTimeoutMs, ...told };
      const { guest, facts } = await bootGuest(specification, options);
      return { guest, kernel: new KernelView(facts, null) };
    }
    const template = await this.template(cell, specification, onFailure);
    const guest = await cloneTemplate(template, { signal, ...told });
    try {
      // On a real socket each guest has a port of its own.
      if (guest.socket) {
        using deadline = withDeadline(guest.signal, bootTimeoutMs, () => silentClone(bootTimeoutMs));
        await retargetNetconsole(guest.agent, guest.socket.port, deadline.signal);
      }
    } catch (error) {
      onFailure?.(guest);
      await guest[Symbol.asyncDispose]();
      throw error;
    }
    return { guest, kernel: template.kernel };
  }

  /** The template as it is in the cache now: another crashlab may have cleared it away, an hour after its last clone. */
  private async template(
    cell: Cell,
    specification: MachineSpecification,
    onFailure?: OnFailure,
  ): Promise<Template> {
    const booted = this.templateOf(cell, specification);
    const template = await booted.template.catch((error: unknown) => {
      const failed = booted.failed();
      if (failed) onFailure?.(failed);
      throw error;
    });
    if (await isKept(template)) return template;
    const key = keyOf(cell, specification);
    // Whoever was here before us has begun to boot it anew.
    if (this.templates.get(key) === booted) this.templates.delete(key);
    return await this.template(cell, specification, onFailure);
  }

  private templateOf(cell: Cell, specification: MachineSpecification): Booted {
    const key = keyOf(cell, specification);
    const known = this.templates.get(key);
    if (known) return known;
    const { onTemplate, signal, bootTimeoutMs, acceleration } = this.options;
    let startedMs: number | null = null;
    let failed: Guest | null = null;
    const seconds = () => (startedMs === null ? undefined : (performance.now() - startedMs) / 1000);
    const obtain = () =>
      obtainTemplate(specification, {
        format: cell.format,
        qemu: acceleration.key,
        signal,
        bootTimeoutMs,
        onBoot: () => {
          failed = null;
          startedMs = performance.now();
          onTemplate(cell.kernel, 'booting');
        },
        onFailure: (guest) => (failed = guest),
      });
    const template = pRetry(obtain, {
      retries: BOOT_RETRIES,
      minTimeout: 0,
      shouldRetry: ({ error }) => isEmulationRace(error, acceleration),
    });
    void template.then(
      () => startedMs !== null && onTemplate(cell.kernel, 'ready', seconds()),
      () => onTemplate(cell.kernel, 'failed', seconds()),
    );
    const booted = { template, failed: () => failed };
    this.templates.set(key, booted);
    return booted;
  }
}

const keyOf = (cell: Cell, specification: MachineSpecification) =>
  JSON.stringify([specification, cell.format]);

function silentClone(timeoutMs: number): CrashlabError {
  const words = `The clone of a guest did not answer within ${timeoutMs / 1000} s.`;
  return new CrashlabError('guest', 'GUEST_NOT_UP', words, {
    advice: 'Look at serial.log in the evidence; --fresh boots each run anew.',
  });
}

/**
 * Kernels patch their own code while they boot; multi-threaded emulation now and then runs it half patched
 * (`Oops: int3`, about 2 of 40 boots of 7.3). That is about the emulator, before any experiment.
 */
function isEmulationRace(error: unknown, { accelerator }: Acceleration): boolean {
  return accelerator === 'tcg' && error instanceof CrashlabError && error.code === 'GUEST_DIED';
}
