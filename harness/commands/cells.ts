import { buildInitramfs } from '../../images/initramfs.ts';
import type { Kernel } from '../../images/kernel.ts';
import { CrashlabError } from '../host/error.ts';
import { modulesOf } from '../lab/guests.ts';
import type { Cell } from '../lab/record.ts';
import { networkCardNamed } from '../machine/architecture.ts';

/** What a run varies beside its kernels; each at least one. */
export interface Dimensions {
  nic: string[];
  vcpus: number[];
  format: Cell['format'][];
  /** Seconds, as `panic=` takes them. */
  panic: number[];
}

/** Every cell once. `panic=` varies fastest: one template serves all its values. Errors: NO_NIC. */
export function cellsOf(kernels: readonly Kernel[], dimensions: Dimensions): Cell[] {
  const nics = each(dimensions.nic).map((name) => networkCardNamed(name).name);
  return kernels.flatMap(({ release, arch }) =>
    nics.flatMap((nic) =>
      each(dimensions.vcpus).flatMap((vcpus) =>
        each(dimensions.format).flatMap((format) =>
          each(dimensions.panic).map((panic) => ({ kernel: release, arch, nic, vcpus, panic, format })),
        ),
      ),
    ),
  );
}

const each = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** A cell that can't be, because its kernel lacks a driver. */
export interface MissingCell {
  cell: Cell;
  reason: CrashlabError;
}

/**
 * The initramfs of each cell's guest. One kernel of several may lack a NIC's driver, as Debian's cloud kernels do:
 * its cells are `without`. Where nothing is left that is an error: KERNEL_WITHOUT.
 */
export async function fitOut(
  cells: readonly Cell[],
  { kernelOf, signal }: { kernelOf: (cell: Cell) => Kernel; signal: AbortSignal },
): Promise<{ guests: Map<Cell, string>; without: MissingCell[] }> {
  const guests = new Map<Cell, string>();
  const without: MissingCell[] = [];
  for (const cell of cells) {
    try {
      guests.set(cell, await buildInitramfs(kernelOf(cell), modulesOf(cell), { signal }));
    } catch (reason) {
      if (!(reason instanceof CrashlabError) || reason.code !== 'KERNEL_WITHOUT') throw reason;
      without.push({ cell, reason });
    }
  }
  const [first] = without;
  if (first && guests.size === 0) throw first.reason;
  return { guests, without };
}
