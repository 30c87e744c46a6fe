import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { hostname, release } from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { openScratch } from '../host/scratch.ts';
import { CrashlabError } from '../host/error.ts';
import { hostError } from '../host/failure.ts';
import { cacheRoot } from '../host/paths.ts';
import { type Architecture, ARCHITECTURES } from './architecture.ts';
import { BARE_GUESTS, BARE_MARKER } from './bare-guest.ts';
import { setprivMissing } from './qemu.ts';

const BARE_MS = 5000;
const LINUX_MS = 30_000;
/** images/init.sh says it when user space is up. */
const LINUX_MARKER = '0 end 0';
const Answer = v.object({
  accelerator: v.picklist(['kvm', 'tcg']),
  /** QEMU's own version line. */
  qemu: v.string(),
  /** Why not KVM. */
  why: v.optional(v.string()),
  /** Under which host this was found out. */
  key: v.string(),
});
/** What this host runs guests with, and how that is known. */
export type Acceleration = v.InferOutput<typeof Answer>;

/** A Linux guest whose init speaks on its second serial port: images/initramfs.ts. */
export interface ProbeGuest {
  kernel: string;
  initramfs: string;
}

/**
 * The remembered answer for an emulator, each of which has its own; proved now if this host or its QEMU has changed.
 * Errors: QEMU_MISSING, NO_GUESTS, and `signal`'s own reason.
 */
export async function acceleration(
  emulator: string,
  linux: () => Promise<ProbeGuest>,
  options: { signal?: AbortSignal } = {},
): Promise<Acceleration> {
  const key = await hostKey(architectureOf(emulator));
  const kept = v.safeParse(Answer, await readJson(memoFile(emulator)));
  if (kept.success && kept.output.key === key) return kept.output;
  return proveAcceleration(emulator, linux, options);
}

/**
 * Runs guests to their markers and remembers the answer. An openable /dev/kvm proves nothing, and neither does a
 * boot sector: KVM counts only when Linux came up under it. Where `linux` is null and KVM is still possible, the
 * answer is software emulation and is not remembered. A proof that `signal` cuts short proves nothing.
 */
export async function proveAcceleration(
  emulator: string,
  linux: (() => Promise<ProbeGuest>) | null,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Acceleration> {
  const architecture = architectureOf(emulator);
  const key = await hostKey(architecture);
  const qemu = await versionOf(architecture);
  const kvm = await runsUnderKvm(architecture, linux, signal);
  if (kvm === 'not proved')
    return {
      accelerator: 'tcg',
      qemu,
      key,
      why: 'not proved: it takes a kernel, which the first run fetches',
    };
  const answer: Acceleration = kvm.ran
    ? { accelerator: 'kvm', qemu, key }
    : { accelerator: 'tcg', qemu, key, why: kvm.why };
  if (!kvm.ran) {
    const tcg = await bareGuestRuns(architecture, { accel: 'tcg' }, signal);
    if (!tcg.ran) {
      throw new CrashlabError(
        'host',
        'NO_GUESTS',
        `No guest runs on this host, not even under software emulation: ${tcg.why}`,
        {
          advice: `Reinstall QEMU (${emulator}), and look at this host’s limits (ulimit -a).`,
        },
      );
    }
  }
  try {
    await mkdir(cacheRoot(), { recursive: true });
    const draft = `${memoFile(emulator)}.draft-${process.pid}`;
    await writeFile(draft, JSON.stringify(answer));
    await rename(draft, memoFile(emulator));
  } catch (error) {
    throw hostError(error, 'remembering the accelerator');
  }
  return answer;
}

const memoFile = (emulator: string) => path.join(cacheRoot(), `accelerator-${emulator}.json`);

type ProbeResult = { ran: true } | { ran: false; why: string };

async function runsUnderKvm(
  architecture: Architecture,
  linux: (() => Promise<ProbeGuest>) | null,
  signal: AbortSignal | undefined,
): Promise<ProbeResult | 'not proved'> {
  const { emulator, name, host, machine, cpu } = architecture;
  if (host !== process.arch)
    return { ran: false, why: `this host is no ${name}, and KVM runs no other architecture than its own` };
  const bare = await bareGuestRuns(architecture, { accel: 'kvm', cpu: cpu.kvm }, signal);
  if (!bare.ran) return bare;
  if (!linux) return 'not proved';
  const { kernel, initramfs } = await linux();
  const agent: Record<string, string | string[]> = architecture.agentDevice
    ? {
        chardev: ['null,id=console', 'stdio,id=agent'],
        serial: 'chardev:console',
        device: `${architecture.agentDevice},chardev=agent`,
      }
    : { chardev: 'null,id=console', serial: ['chardev:console', 'stdio'] };
  const limits = { limitMs: LINUX_MS, signal };
  return runsToMarker(emulator, LINUX_MARKER, limits, {
    machine,
    accel: 'kvm',
    cpu: cpu.kvm,
    m: '256M',
    kernel,
    initrd: initramfs,
    append: `console=${architecture.console} panic=0 crashlab.agent=${architecture.agent}`,
    ...agent,
  });
}

async function bareGuestRuns(
  { emulator, name }: Architecture,
  more: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<ProbeResult> {
  const guest = BARE_GUESTS[name];
  if (!guest) throw new Error(`there is no bare guest of architecture ${name}`);
  await using scratch = await openScratch();
  const file = path.join(scratch.folder, 'bare.img');
  await writeFile(file, guest.image);
  const limits = { limitMs: BARE_MS, signal };
  return await runsToMarker(emulator, BARE_MARKER, limits, { m: '16M', ...guest.options(file), ...more });
}

async function runsToMarker(
  emulator: string,
  marker: string,
  { limitMs, signal }: { limitMs: number; signal: AbortSignal | undefined },
  options: Record<string, string | string[]>,
): Promise<ProbeResult> {
  const { execa } = await import('execa');
  const list = Object.entries(options).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [`-${name}`, value]),
  );
  const command = [emulator, '-nodefaults', '-no-user-config', '-display', 'none', ...list];
  const probe = execa('setpriv', ['--pdeathsig', 'KILL', ...command], {
    stdin: 'ignore',
    detached: true, // a Ctrl-C that ends it is no answer
    timeout: limitMs,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    killSignal: 'SIGKILL',
    reject: false,
  });
  for await (const line of probe) if (line.includes(marker)) probe.kill('SIGKILL');
  const { stdout, stderr, code, cause } = await probe;
  if (code === 'ENOENT') throw setprivMissing(cause);
  signal?.throwIfAborted();
  if (stdout.includes(marker)) return { ran: true };
  const words = stderr.split('\n').find((one) => /error|failed|could not|invalid/i.test(one));
  return { ran: false, why: words?.trim() ?? `the guest did not reach its marker in ${limitMs / 1000} s` };
}

function architectureOf(emulator: string): Architecture {
  const found = Object.values(ARCHITECTURES).find((one) => one.emulator === emulator);
  if (!found) throw new Error(`${emulator} is no emulator of an architecture crashlab knows`);
  return found;
}

/** QEMU's version line. Errors: QEMU_MISSING. */
async function versionOf(architecture: Architecture): Promise<string> {
  const { emulator } = architecture;
  const { execa } = await import('execa');
  const { stdout, failed, cause } = await execa(emulator, ['--version'], { reject: false });
  if (failed) throw qemuMissing(architecture, cause);
  return stdout.split('\n')[0]?.trim() ?? emulator;
}

function qemuMissing({ emulator, package: owner }: Architecture, cause: unknown): CrashlabError {
  return new CrashlabError('host', 'QEMU_MISSING', `There is no ${emulator} on this host.`, {
    advice: `Install it: apt-get install ${owner}; crashlab doctor names everything that is missing.`,
    cause,
  });
}

async function hostKey(architecture: Architecture): Promise<string> {
  const { emulator } = architecture;
  for (const folder of (process.env['PATH'] ?? '').split(':')) {
    const found = await stat(path.join(folder, emulator)).catch(() => null);
    if (found) return [hostname(), release(), emulator, found.size, found.mtimeMs].join(' ');
  }
  throw qemuMissing(architecture, undefined);
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  }
}
