import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { openScratch } from '../../harness/host/scratch.ts';
import { DESCRIPTORS } from '../../harness/machine/arguments.ts';
import { type Qemu, startQemu } from '../../harness/machine/qemu.ts';

/** A paused machine with its firmware and nothing to boot, on the channels every guest has. */
export function startBare(vcpus = 1): Promise<Qemu> {
  return startInScratch((console) => command(vcpus, console));
}

/** A QEMU with a folder of its own for the console's named pipes. */
export async function startInScratch(commandFor: (console: string) => string[]): Promise<Qemu> {
  const scratch = await openScratch();
  const console = path.join(scratch.folder, 'console');
  const qemu = await startQemu(commandFor(console), { console });
  return {
    ...qemu,
    [Symbol.asyncDispose]: async () => {
      await qemu[Symbol.asyncDispose]();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

function command(vcpus: number, console: string): string[] {
  const options: Record<string, string[]> = {
    display: ['none'],
    machine: ['pc'],
    m: ['16M'],
    smp: [String(vcpus)],
    chardev: [
      `pipe,id=console,path=${console}`,
      ...(['qmp', 'agent', 'gdb'] as const).map((name) => `socket,id=${name},fd=${DESCRIPTORS[name]}`),
    ],
    mon: ['chardev=qmp,mode=control'],
    serial: ['chardev:console', 'chardev:agent'],
    gdb: ['chardev:gdb'],
  };
  const list = Object.entries(options).flatMap(([name, values]) =>
    values.flatMap((value) => [`-${name}`, value]),
  );
  return ['qemu-system-x86_64', '-nodefaults', '-no-user-config', '-S', ...list];
}

/** The state letter of a process in /proc, or null when there is none. */
export async function processState(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null);
  return stat === null ? null : stat.charAt(stat.lastIndexOf(')') + 2);
}
