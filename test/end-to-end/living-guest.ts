import { obtainKernel } from '../../images/kernel.ts';
import { buildInitramfs } from '../../images/initramfs.ts';
import type { Guest } from '../../harness/guest/guest.ts';
import type { KernelView } from '../../harness/guest/kernel-view.ts';
import { GuestMaker, modulesOf, specificationOf } from '../../harness/lab/guests.ts';
import type { Cell } from '../../harness/lab/record.ts';
import { acceleration } from '../../harness/machine/accelerator.ts';

/** A guest that is up, made as the lab makes it, and its cell. */
export async function livingGuest(
  options: { kernel?: string; suite?: string; append?: string; vcpus?: number; carried?: string[] } = {},
): Promise<{ guest: Guest; kernel: KernelView; cell: Cell }> {
  const { append = '', vcpus = 1, carried = [] } = options;
  const image = await obtainKernel(
    options.kernel ?? 'debian',
    options.suite === undefined ? {} : { suite: options.suite },
  );
  const cell: Cell = {
    kernel: image.release,
    arch: image.arch,
    nic: 'virtio-net',
    vcpus,
    panic: 0,
    format: 'extended',
  };
  const initramfs = await buildInitramfs(image, modulesOf(cell), carried);
  const proved = await acceleration('qemu-system-x86_64', async () => ({ kernel: image.image, initramfs }));
  const { signal } = new AbortController();
  const maker = new GuestMaker({
    acceleration: proved,
    wire: 'stream',
    fresh: false,
    append,
    bootTimeoutMs: 120_000,
    signal,
    onTemplate: () => undefined,
  });
  const specification = specificationOf(cell, image, initramfs, {
    acceleration: proved,
    wire: 'stream',
    append,
  });
  return { ...(await maker.make(cell, specification)), cell };
}
