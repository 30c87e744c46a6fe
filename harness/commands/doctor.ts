import { availableParallelism, freemem } from 'node:os';
import { buildInitramfs } from '../../images/initramfs.ts';
import { listKernels } from '../../images/kernel.ts';
import { CrashlabError, exitCodeOf } from '../host/error.ts';
import { cacheRoot } from '../host/paths.ts';
import { installCommand, missingPrograms } from '../host/programs.ts';
import { proveAcceleration } from '../machine/accelerator.ts';
import { ARCHITECTURES } from '../machine/architecture.ts';
import type { Screen } from './screen.ts';

/** The least a guest needs to come up. */
const PROBE_MODULES: string[] = [];

/** `crashlab doctor`: what this host has, what is missing, and the command that mends it. */
export async function doctorCommand(screen: Screen): Promise<number> {
  const missing = await missingPrograms();
  const say = (mark: string, what: string, finding: string) =>
    screen.stdout(`${mark} ${what.padEnd(12)} ${finding}\n`);
  if (missing.length > 0) {
    for (const { name, package: owner, why } of missing) say('✗', name, `missing (package ${owner}): ${why}`);
    screen.stdout(`\nTo mend it: ${process.getuid?.() === 0 ? '' : 'sudo '}${installCommand(missing)}\n`);
  } else say('✓', 'programs', 'all there');
  const [kernel] = await listKernels();
  const probeGuest = kernel
    ? async () => ({ kernel: kernel.image, initramfs: await buildInitramfs(kernel, PROBE_MODULES) })
    : null;
  let healthy = missing.length === 0;
  for (const { name, emulator } of Object.values(ARCHITECTURES)) {
    try {
      const { accelerator, qemu, why } = await proveAcceleration(emulator, probeGuest);
      say(
        '✓',
        name,
        `${qemu}: a guest ran under ${accelerator === 'kvm' ? 'KVM' : 'software emulation (TCG)'}`,
      );
      if (why) say('·', '', `not under KVM: ${why}`);
    } catch (error) {
      if (!(error instanceof CrashlabError)) throw error;
      healthy = false;
      say('✗', name, `${error.message} ${error.advice ?? ''}`);
    }
  }
  say('·', 'host', `${availableParallelism()} CPUs, ${Math.round(freemem() / 2 ** 20)} MiB of memory free`);
  const kernels = await listKernels();
  say('·', 'cache', cacheRoot());
  say(
    '·',
    'kernels',
    kernels.map(({ release }) => release).join(', ') || 'none yet: the first run fetches one',
  );
  return healthy ? 0 : exitCodeOf('host');
}
