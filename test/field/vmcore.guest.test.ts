import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execaSync } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { readLogFile } from '../../harness/field/read-log.ts';
import type { Guest } from '../../harness/guest/guest.ts';
import { cloneTemplate, obtainTemplate, type Template } from '../../harness/guest/template.ts';
import { shownText } from '../../harness/printk/byte-string.ts';
import { readRing } from '../../harness/printk/ring.ts';
import { buildInitramfs } from '../../images/initramfs.ts';
import { obtainKernel } from '../../images/kernel.ts';
import { forEver } from '../guest/for-ever.ts';
import { BOOT_MS, stockSpecification } from '../guest/stock.ts';
import { CLI, finished } from '../host/program.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'crashlab-vmcore-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A guest that died of sysrq c. With qemu_fw_cfg it has told QEMU where its VMCOREINFO note lies. */
async function withDead(
  { modules = [], parameters = '' }: { modules?: readonly string[]; parameters?: string },
  use: (guest: Guest, template: Template) => Promise<void>,
): Promise<void> {
  const specification = await stockSpecification({ devices: ['vmcoreinfo'], parameters });
  const kernel = await obtainKernel('debian:6.1@bookworm');
  const initramfs = await buildInitramfs(kernel, ['virtio_pci', 'virtio_net', 'netconsole', ...modules]);
  const template = await obtainTemplate(
    { ...specification, initramfs },
    {
      format: 'extended',
      qemu: 'the tests of vmcores',
      signal: forEver,
      bootTimeoutMs: BOOT_MS,
      onBoot: () => undefined,
    },
  );
  await using guest = await cloneTemplate(template, { signal: forEver });
  await guest.agent.must('echo 1 > /proc/sys/kernel/sysrq', guest.signal);
  guest.agent.send('echo c > /proc/sysrq-trigger');
  while (!guest.serial.text().includes('---[ end Kernel panic'))
    expect(await guest.activity.next(10_000, guest.signal)).toBe(true);
  await guest.qemu.qmp.execute('stop');
  await use(guest, template);
}

async function dump(guest: Guest, name: string, format: string): Promise<string> {
  const file = path.join(folder, name);
  await guest.qemu.qmp.execute('dump-guest-memory', { paging: false, protocol: `file:${file}`, format });
  return file;
}

async function logOf(file: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const { lines } of readLogFile(file, () => undefined))
    texts.push(...lines.map(({ text }) => text));
  return texts;
}

describe('a dump of a dead guest’s memory', () => {
  test.each([
    ['with its note', ['qemu_fw_cfg']],
    ['without', []],
  ])('as ELF, %s: every record of its ring buffer', async (_, modules) => {
    await withDead({ modules }, async (guest, { kernel }) => {
      const file = await dump(guest, `elf-${modules.length}`, 'elf');
      expect(readFileSync(file).subarray(0, 65_536).includes('VMCOREINFO')).toBe(modules.length > 0);
      const ring = await readRing(guest.memory, await kernel.vmcoreInfo(guest.memory));
      const records = 'failure' in ring ? [] : ring.records;
      expect(records.length).toBeGreaterThan(200);
      expect(await logOf(file)).toEqual(records.flatMap(({ text }) => shownText(text).split('\n')));
      const judged = await finished([process.execPath, CLI, 'judge', file], {});
      expect(judged).toMatchObject({ code: 0, stderr: '' });
      expect(judged.stdout).toContain('Kernel panic - not syncing: sysrq triggered crash');
    });
  });

  test('flattened, compressed by QEMU, and packed: the same log', async () => {
    await withDead({ modules: ['qemu_fw_cfg'] }, async (guest) => {
      const elf = await dump(guest, 'elf', 'elf');
      const log = await logOf(elf);
      const flattened = await dump(guest, 'flattened', 'kdump-zlib');
      expect(await logOf(flattened)).toEqual(log);
      const kdump = path.join(folder, 'kdump');
      // It does not read to the end.
      execaSync('sh', ['-c', 'makedumpfile -R "$0" < "$1"', kdump, flattened]);
      expect(await logOf(kdump)).toEqual(log);
      execaSync('zstd', ['-q', '-1', elf]);
      expect(await logOf(`${elf}.zst`)).toEqual(log);
    });
  });

  test('compressed by QEMU, without its note', async () => {
    await withDead({}, async (guest) => {
      const log = await logOf(await dump(guest, 'elf-bare', 'elf'));
      expect(await logOf(await dump(guest, 'kdump-bare', 'kdump-zlib'))).toEqual(log);
    });
  });

  test('that is not read here is by makedumpfile, where it is installed', async () => {
    // makedumpfile 1.7 does not find its way in a guest that lies below its own addresses, or has five levels.
    await withDead({ modules: ['qemu_fw_cfg'], parameters: 'nokaslr no5lvl' }, async (guest) => {
      const log = await logOf(await dump(guest, 'elf', 'elf'));
      const flattened = await dump(guest, 'flattened', 'kdump-zlib');
      const part = path.join(folder, 'part');
      execaSync('sh', ['-c', 'makedumpfile -R "$0" < "$1"', part, flattened]);
      // As if it were the first of several parts: its sub-header says so.
      const bytes = readFileSync(part);
      bytes.writeUInt32LE(1, 4096 + 12);
      writeFileSync(part, bytes);
      expect(await logOf(part)).toEqual(log);
      const { code, stderr } = await judge(part, { PATH: folder });
      const words = 'it is one part of a dump that was split), and makedumpfile is not installed';
      expect([code, stderr]).toEqual([3, expect.stringContaining(words)]);
    });
  });
});

const judge = (file: string, env = {}) => finished([process.execPath, CLI, 'judge', file], env);
const cutOff = (file: string, bytes: number) => {
  const cut = path.join(folder, 'cut');
  writeFileSync(cut, readFileSync(path.join(folder, file)).subarray(0, bytes));
  return cut;
};

describe('what is no such dump, or not whole, is a sentence:', () => {
  test('a program', async () => {
    expect(await judge('/bin/true')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('it is an ELF file, but no core dump'),
    });
  });

  test.each([
    ['elf-1', 40, 'the ELF header lies outside the file, which was cut short'],
    ['elf-1', 20 << 20, 'No log can be read'],
    ['elf-0', 20 << 20, 'it has no VMCOREINFO note'],
    ['kdump', 4096, 'its second header lies outside the file, which was cut short; makedumpfile says'],
    ['kdump', 8192, 'the table of its pages lies outside'],
    ['kdump', 20 << 20, 'No log can be read'],
    ['flattened', 100_000, 'it was cut short'],
  ])('%s, after %d bytes', async (file, bytes, words) => {
    expect(await judge(cutOff(file, bytes))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(words),
    });
  });
});
