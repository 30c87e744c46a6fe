import { obtainKernel } from '../../images/kernel.ts';
import { buildInitramfs } from '../../images/initramfs.ts';
import type { Guest } from '../../harness/guest/guest.ts';
import type { KernelView } from '../../harness/guest/kernel-view.ts';
import { GuestMaker, modulesOf, specificationOf } from '../../harness/lab/guests.ts';
import type { Cell } from '../../harness/lab/record.ts';
import { acceleration } from '../../harness/machine/accelerator.ts';
import { architectureNamed } from '../../harness/machine/architecture.ts';

interface Made {
  kernel?: string;
  suite?: string;
  arch?: string;
  nic?: string;
  append?: string;
  vcpus?: number;
  /** Module files that lie in its initramfs. */
  files?: string[];
}

/** A guest that is up, made as the lab makes it, and its cell. */
export async function livingGuest(
  options: Made = {},
): Promise<{ guest: Guest; kernel: KernelView; cell: Cell }> {
  const { make, cell } = await guestMaker(options);
  return { ...(await make()), cell };
}

/** What makes such guests, one after the other. */
export async function guestMaker(
  options: Made = {},
): Promise<{ make: () => Promise<{ guest: Guest; kernel: KernelView }>; cell: Cell; boots: () => number }> {
  const { append = '', vcpus = 1, nic = 'virtio-net', suite, arch, files = [] } = options;
  const image = await obtainKernel(options.kernel ?? 'debian', {
    ...(suite === undefined ? {} : { suite }),
    ...(arch === undefined ? {} : { arch }),
  });
  const cell: Cell = {
    kernel: image.release,
    arch: image.arch,
    nic,
    vcpus,
    panic: 0,
    format: 'extended',
  };
  const initramfs = await buildInitramfs(image, modulesOf(cell), { files });
  const { emulator } = architectureNamed(image.arch);
  const proved = await acceleration(emulator, async () => ({ kernel: image.image, initramfs }));
  const { signal } = new AbortController();
  let booted = 0;
  const maker = new GuestMaker({
    acceleration: proved,
    wire: 'stream',
    append,
    bootTimeoutMs: 120_000,
    signal,
    onTemplate: (_, state) => {
      if (state === 'booting') booted += 1;
    },
  });
  const specification = specificationOf(cell, image, initramfs, {
    acceleration: proved,
    wire: 'stream',
    append,
  });
  return { make: async () => await maker.make(cell, specification), cell, boots: () => booted };
}
