import type { Kernel } from '../../images/kernel.ts';
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
