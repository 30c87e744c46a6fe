import { addKernel, listKernels } from '../../images/kernel.ts';
import { architectureNamed } from '../machine/architecture.ts';
import { interruptible } from './interrupt.ts';
import type { Screen } from './screen.ts';

/** `crashlab kernel add`: fetches the newest kernel that fits into the cache. */
export async function kernelAddCommand(
  specification: string,
  options: { suite?: string; arch?: string },
  screen: Screen,
): Promise<number> {
  const suite = options.suite === undefined ? '' : ` from ${options.suite}`;
  const arch = options.arch === undefined ? {} : { arch: architectureNamed(options.arch).name };
  screen.note(`Fetching kernel ${specification}${suite} …`);
  return interruptible(screen, async (signal) => {
    const kernel = await addKernel(specification, { ...options, ...arch, signal });
    screen.stdout(`${kernel.release}\t${kernel.arch}\t${kernel.source}\n`);
    return 0;
  });
}

/** `crashlab kernel list`: what the cache holds, a line each. */
export async function kernelListCommand(screen: Screen): Promise<number> {
  const kernels = await listKernels();
  for (const { release, arch, source } of kernels) screen.stdout(`${release}\t${arch}\t${source}\n`);
  if (kernels.length === 0) screen.note('No kernel in the cache yet: crashlab kernel add debian');
  return 0;
}
