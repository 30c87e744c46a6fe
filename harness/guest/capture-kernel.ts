import { CrashlabError } from '../host/error.ts';
import type { Guest } from './guest.ts';
import type { KernelView } from './kernel-view.ts';
import { ADDRESSES } from './netconsole-setup.ts';
import { systemCall } from './system-call.ts';

/** Where images/capture.ts puts them. */
const IMAGE = '/capture/kernel';
const INITRAMFS = '/capture/initramfs.cpio';
/** Linux include/uapi/linux/kexec.h. */
const KEXEC_FILE_ON_CRASH = 2;

/**
 * Loads the kernel that a crash goes on in (kdump): the guest's own, which lies in it, with an initramfs whose init
 * says one line and powers off (images/init.sh). Its netconsole sends to `port`. What can't be had is `lacks`, a
 * sentence: no memory set aside, no such system call. Errors: those of `systemCall`, CAPTURE_REFUSED.
 */
export async function loadCaptureKernel(
  guest: Guest,
  kernel: KernelView,
  { port, signal }: { port: number; signal: AbortSignal },
): Promise<{ loaded: true } | { lacks: string }> {
  const { agent, specification } = guest;
  const size = await agent.run('cat /sys/kernel/kexec_crash_size', signal);
  if (size.status !== 0) return { lacks: 'This kernel knows no capture kernels: it has no kexec.' };
  if (size.output === '0\n') return { lacks: 'The kernel has set no memory aside for a capture kernel.' };
  const commandLine = captureCommandLine(specification.architecture.console, port);
  const { status, output } = await systemCall(
    guest,
    kernel,
    {
      name: 'kexec_file_load',
      // kernel/kexec_file.c counts the zero at the end.
      values: [
        { file: IMAGE },
        { file: INITRAMFS },
        commandLine.length + 1,
        { text: commandLine },
        KEXEC_FILE_ON_CRASH,
      ],
    },
    signal,
  );
  if (/Function not implemented/.test(output)) return { lacks: 'This kernel has no kexec_file_load().' };
  const loaded = await agent.must('cat /sys/kernel/kexec_crash_loaded', signal);
  if (status !== 0 || loaded !== '1\n') throw refused(output);
  return { loaded: true };
}

/** A capture kernel has one CPU and little memory, and must not stay: a panic of its own resets it. */
function captureCommandLine(console: string, port: number): string {
  const { ipv4, hostIpv4, hostMac } = ADDRESSES;
  return [
    `console=${console}`,
    'ignore_loglevel',
    'printk.devkmsg=on',
    'nr_cpus=1',
    'reset_devices',
    'panic=1',
    'crashlab.capture',
    `netconsole.netconsole=+@${ipv4}/eth0,${port}@${hostIpv4}/${hostMac}`,
  ].join(' ');
}

function refused(output: string): CrashlabError {
  const words = output.trim().split(':').at(-1)?.trim() ?? '';
  return new CrashlabError(
    'guest',
    'CAPTURE_REFUSED',
    `The kernel would not load its capture kernel: ${words || 'no reason given'}.`,
    { advice: 'With less memory than it needs, say more: crashkernel=256M; its console may say why.' },
  );
}
