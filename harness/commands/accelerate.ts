import { buildInitramfs } from '../../images/initramfs.ts';
import type { Kernel } from '../../images/kernel.ts';
import { type Acceleration, acceleration } from '../machine/accelerator.ts';
import { architectureNamed } from '../machine/architecture.ts';

/** What this host runs guests of each architecture with. */
export interface Accelerations {
  of: (arch: string) => Acceleration;
  /** For the record: each accelerator and each QEMU once. */
  inShort: () => { accelerator: string; qemu: string };
}

/** Proves, or remembers, the accelerator for every architecture of these kernels. `wanted` overrules the proof. */
export async function accelerate(
  kernels: readonly Kernel[],
  wanted: 'auto' | 'tcg' | 'kvm',
  signal: AbortSignal,
): Promise<Accelerations> {
  const found = new Map<string, Acceleration>();
  for (const kernel of kernels) {
    if (found.has(kernel.arch)) continue;
    const linux = async () => ({
      kernel: kernel.image,
      initramfs: await buildInitramfs(kernel, [], { signal }),
    });
    const proved = await acceleration(architectureNamed(kernel.arch).emulator, linux, { signal });
    found.set(kernel.arch, wanted === 'auto' ? proved : { ...proved, accelerator: wanted });
  }
  return {
    of: (arch) => {
      const one = found.get(arch);
      if (!one) throw new Error(`no accelerator was proved for ${arch}`);
      return one;
    },
    inShort: () => ({
      accelerator: once([...found.values()].map(({ accelerator }) => accelerator)),
      qemu: once([...found.values()].map(({ qemu }) => qemu)),
    }),
  };
}

const once = (values: string[]) => [...new Set(values)].join(', ');
