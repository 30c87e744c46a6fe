import { readdir, readFile, symlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { ADDRESSES } from '../../harness/guest/netconsole-setup.ts';
import { obtainTemplate, type Template } from '../../harness/guest/template.ts';
import { ARCHITECTURES, NETWORK_CARDS } from '../../harness/machine/architecture.ts';
import type { MachineSpecification } from '../../harness/machine/arguments.ts';
import { buildInitramfs } from '../../images/initramfs.ts';
import { obtainKernel } from '../../images/kernel.ts';
import { forEver } from './for-ever.ts';

export const BOOT_MS = 120_000;

/** A guest with Debian's stock kernel, as the lab makes them. */
export async function stockSpecification(
  changes: Partial<MachineSpecification> & { parameters?: string; release?: string } = {},
): Promise<MachineSpecification> {
  const architecture = ARCHITECTURES['x86-64'];
  const card = NETWORK_CARDS['virtio-net'];
  if (!architecture || !card) throw new Error('the tables lost their first rows');
  const { parameters = '', release = 'debian:6.1@bookworm', ...rest } = changes;
  const kernel = await obtainKernel(release);
  return {
    architecture,
    card,
    accelerator: 'tcg',
    vcpus: 1,
    memoryMiB: 256,
    kernel: kernel.image,
    initramfs: await buildInitramfs(kernel, [...architecture.busModules, ...card.modules, 'netconsole']),
    commandLine: `console=ttyS0 ignore_loglevel printk.devkmsg=on panic=0 crashlab.agent=ttyS1 ${parameters}`,
    wire: 'stream',
    devices: [],
    addresses: ADDRESSES,
    memory: null,
    incoming: false,
    ...rest,
  };
}

/** Its template, from the cache when it is there. */
export async function stockTemplate(changes: Partial<MachineSpecification> = {}): Promise<Template> {
  return obtainTemplate(await stockSpecification(changes), {
    format: 'extended',
    qemu: `the tests of ${hostname()}`,
    signal: forEver,
    bootTimeoutMs: BOOT_MS,
    onBoot: () => undefined,
  });
}

/** The same template under a name that only this test uses: others may have clones of it at the same time. */
export async function renamedTemplate(template: Template, folder: string): Promise<Template> {
  for (const name of ['memory', 'state', 'template.json']) {
    await symlink(path.join(template.folder, name), path.join(folder, name));
  }
  return { ...template, folder };
}

/** Processes whose command line has this text, this one excepted. */
export async function processesNaming(text: string): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!pid || pid === process.pid) continue;
    const command = await readFile(`/proc/${entry}/cmdline`, 'latin1').catch(() => '');
    if (command.includes(text)) found.push(pid);
  }
  return found;
}
