import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { hostname, release } from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { openScratch } from '../host/scratch.ts';
import { CrashlabError } from '../host/error.ts';
import { hostError } from '../host/failure.ts';
import { cacheRoot } from '../host/paths.ts';

const SECTOR_MS = 5000;
const LINUX_MS = 30_000;
/** images/init.sh says it when user space is up. */
const LINUX_MARKER = '0 end 0';
const MARKER = 'crashlab-guest-ran';

/**
 * A guest of one boot sector: prints its marker on port 0xe9 and halts.
 *   mov si,0x7c16 / lodsb / test al,al / jz +4 / out 0xe9,al / jmp -9 / cli / hlt / jmp -3
 */
const CODE = [0xbe, 0x16, 0x7c, 0xac, 0x84, 0xc0, 0x74, 0x04, 0xe6, 0xe9, 0xeb, 0xf7, 0xfa, 0xf4, 0xeb, 0xfd];
const MARKER_OFFSET = 0x16;

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

/** The remembered answer; proved now if this host or its QEMU has changed. Errors: QEMU_MISSING, NO_GUESTS. */
export async function acceleration(
  emulator: string,
  linux: () => Promise<ProbeGuest>,
): Promise<Acceleration> {
  const key = await hostKey(emulator);
  const kept = v.safeParse(Answer, await readJson(memoFile()));
  if (kept.success && kept.output.key === key) return kept.output;
  return proveAcceleration(emulator, linux);
}

/**
 * Runs guests to their markers and remembers the answer. An openable /dev/kvm proves nothing, and neither does a
 * boot sector: KVM counts only when Linux came up under it. Where `linux` is null and KVM is still possible, the
 * answer is software emulation and is not remembered.
 */
export async function proveAcceleration(
  emulator: string,
  linux: (() => Promise<ProbeGuest>) | null,
): Promise<Acceleration> {
  const key = await hostKey(emulator);
  const qemu = await versionOf(emulator);
  const kvm = await runsUnderKvm(emulator, linux);
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
    const tcg = await bootSectorRuns(emulator, 'tcg');
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
    const draft = `${memoFile()}.draft-${process.pid}`;
    await writeFile(draft, JSON.stringify(answer));
    await rename(draft, memoFile());
  } catch (error) {
    throw hostError(error, 'remembering the accelerator');
  }
  return answer;
}

const memoFile = () => path.join(cacheRoot(), 'accelerator.json');

type ProbeResult = { ran: true } | { ran: false; why: string };

async function runsUnderKvm(
  emulator: string,
  linux: (() => Promise<ProbeGuest>) | null,
): Promise<ProbeResult | 'not proved'> {
  const sector = await bootSectorRuns(emulator, 'kvm', { cpu: 'host' });
  if (!sector.ran) return sector;
  if (!linux) return 'not proved';
  const { kernel, initramfs } = await linux();
  return runsToMarker(emulator, LINUX_MARKER, LINUX_MS, {
    machine: 'pc',
    accel: 'kvm',
    cpu: 'host',
    m: '256M',
    kernel,
    initrd: initramfs,
    append: 'console=ttyS0 panic=0 crashlab.agent=ttyS1',
    chardev: 'null,id=console',
    serial: ['chardev:console', 'stdio'],
  });
}

async function bootSectorRuns(
  emulator: string,
  accelerator: string,
  more: Record<string, string> = {},
): Promise<ProbeResult> {
  await using scratch = await openScratch();
  const disk = path.join(scratch.folder, 'boot.img');
  await writeFile(disk, bootSector());
  return await runsToMarker(emulator, MARKER, SECTOR_MS, {
    machine: 'pc',
    accel: accelerator,
    m: '16M',
    debugcon: 'stdio',
    drive: `file=${disk.replaceAll(',', ',,')},format=raw,if=floppy,readonly=on`,
    boot: 'a',
    ...more,
  });
}

async function runsToMarker(
  emulator: string,
  marker: string,
  limitMs: number,
  options: Record<string, string | string[]>,
): Promise<ProbeResult> {
  const { execa } = await import('execa');
  const list = Object.entries(options).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [`-${name}`, value]),
  );
  const probe = execa(emulator, ['-nodefaults', '-no-user-config', '-display', 'none', ...list], {
    stdin: 'ignore',
    timeout: limitMs,
    killSignal: 'SIGKILL',
    reject: false,
  });
  for await (const line of probe) if (line.includes(marker)) probe.kill('SIGKILL');
  const { stdout, stderr } = await probe;
  if (stdout.includes(marker)) return { ran: true };
  const words = stderr.split('\n').find((one) => /error|failed|could not|invalid/i.test(one));
  return { ran: false, why: words?.trim() ?? `the guest did not reach its marker in ${limitMs / 1000} s` };
}

function bootSector(): Uint8Array {
  const sector = new Uint8Array(512);
  sector.set(CODE);
  sector.set(new TextEncoder().encode(`${MARKER}\n`), MARKER_OFFSET);
  sector.set([0x55, 0xaa], 510);
  return sector;
}

/** QEMU's version line. Errors: QEMU_MISSING. */
async function versionOf(emulator: string): Promise<string> {
  const { execa } = await import('execa');
  const { stdout, failed, cause } = await execa(emulator, ['--version'], { reject: false });
  if (failed) throw qemuMissing(emulator, cause);
  return stdout.split('\n')[0]?.trim() ?? emulator;
}

function qemuMissing(emulator: string, cause: unknown): CrashlabError {
  return new CrashlabError('host', 'QEMU_MISSING', `There is no ${emulator} on this host.`, {
    advice: 'Install it: apt-get install qemu-system-x86; crashlab doctor names everything that is missing.',
    cause,
  });
}

async function hostKey(emulator: string): Promise<string> {
  for (const folder of (process.env['PATH'] ?? '').split(':')) {
    const found = await stat(path.join(folder, emulator)).catch(() => null);
    if (found) return [hostname(), release(), emulator, found.size, found.mtimeMs].join(' ');
  }
  throw qemuMissing(emulator, undefined);
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  }
}
