import { availableParallelism, freemem } from 'node:os';
import { HOSTS_OWN, isUsable } from '../../images/busybox.ts';
import { buildInitramfs } from '../../images/initramfs.ts';
import { type Kernel, listKernels } from '../../images/kernel.ts';
import { CrashlabError, exitCodeOf } from '../host/error.ts';
import { cacheRoot } from '../host/paths.ts';
import { installCommand, isThere, missingPrograms, OPTIONAL_PROGRAMS } from '../host/programs.ts';
import { type ProbeGuest, proveAcceleration } from '../machine/accelerator.ts';
import { ARCHITECTURES } from '../machine/architecture.ts';
import type { Screen } from './screen.ts';

/** The least a guest needs to come up. */
const PROBE_MODULES: string[] = [];

/** `crashlab doctor`: what this host has, what is missing, and the command that mends it. */
export async function doctorCommand(screen: Screen, signal: AbortSignal): Promise<number> {
  const say = (mark: string, what: string, finding: string) =>
    screen.stdout(`${mark} ${what.padEnd(12)} ${finding}\n`);
  const missing = await missingPrograms();
  for (const { name, package: owner, why } of missing) say('✗', name, `missing (package ${owner}): ${why}`);
  if (missing.length === 0) say('✓', 'programs', 'all there');
  const optional = await missingPrograms(OPTIONAL_PROGRAMS);
  for (const { name, package: owner, why } of optional)
    say('·', name, `not there, and not needed but for this (package ${owner}): ${why}`);
  say('·', 'busybox', await busyboxInWords());
  const kernels = await listKernels();
  let healthy = missing.length === 0;
  for (const { name, emulator } of Object.values(ARCHITECTURES)) {
    if (optional.some((program) => program.name === emulator)) continue;
    if (missing.some((program) => program.name === emulator)) {
      say('✗', name, `no guest can run without ${emulator}`);
      continue;
    }
    try {
      const own = kernels.filter(({ arch }) => arch === name);
      const { accelerator, qemu, why } = await proveAcceleration(emulator, probeGuest(own, healthy, signal), {
        signal,
      });
      const how = accelerator === 'kvm' ? 'KVM' : 'software emulation (TCG)';
      say('✓', name, `${qemu}: a guest ran under ${how}`);
      if (why) say('·', '', `not under KVM: ${why}`);
    } catch (error) {
      if (!(error instanceof CrashlabError) || signal.aborted) throw error;
      healthy = false;
      say('✗', name, `${error.message} ${error.advice ?? ''}`);
    }
  }
  say('·', 'host', `${availableParallelism()} CPUs, ${Math.round(freemem() / 2 ** 20)} MiB of memory free`);
  say('·', 'cache', cacheRoot());
  const releases = kernels.map(({ release }) => release).join(', ');
  say('·', 'kernels', releases || 'none yet: the first run fetches one');
  if (missing.length > 0) {
    screen.stdout(`\nTo mend it: ${installCommand(missing)}\n`);
  }
  return healthy ? 0 : exitCodeOf('host');
}

async function busyboxInWords(): Promise<string> {
  if (await isUsable(HOSTS_OWN)) return `${HOSTS_OWN} is the guests’ user space`;
  const why = (await isThere(HOSTS_OWN)) ? `${HOSTS_OWN} is not a static one` : `there is no ${HOSTS_OWN}`;
  return `that of Debian’s busybox-static, fetched once as any user: ${why}`;
}

/** KVM counts only when Linux came up under it: for that there must be a kernel, and the programs to pack it. */
function probeGuest(
  [kernel]: Kernel[],
  complete: boolean,
  signal: AbortSignal,
): (() => Promise<ProbeGuest>) | null {
  if (!kernel || !complete) return null;
  return async () => ({
    kernel: kernel.image,
    initramfs: await buildInitramfs(kernel, PROBE_MODULES, { signal }),
  });
}
