import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { cellsOf, fitOut } from '../../harness/commands/cells.ts';
import { type Kernel, ownKernel } from '../../images/kernel.ts';
import { temporaryFolder } from '../host/temporary.ts';
import { writeOwnKernel } from '../images/own.ts';

const kernel = (release: string, arch = 'x86-64'): Kernel => ({
  release,
  arch,
  image: '/k/vmlinuz',
  modulesRoot: '/k',
  source: 'own',
  hash: release,
});
const one = { nic: ['e1000'], vcpus: [1], format: ['extended' as const], panic: [0] };

describe('the cells of a run', () => {
  test('are every kernel with every NIC, number of vCPUs, format and panic=', () => {
    const cells = cellsOf([kernel('6.1'), kernel('6.12', 'arm64')], {
      nic: ['virtio-net', 'e1000'],
      vcpus: [1, 2],
      format: ['extended', 'basic'],
      panic: [0, 5],
    });
    expect(new Set(cells.map((cell) => JSON.stringify(cell))).size).toBe(2 * 2 * 2 * 2 * 2);
    // A template serves all values of panic=, so they stand together.
    expect(cells.slice(0, 3)).toEqual([
      { kernel: '6.1', arch: 'x86-64', nic: 'virtio-net', vcpus: 1, panic: 0, format: 'extended' },
      { kernel: '6.1', arch: 'x86-64', nic: 'virtio-net', vcpus: 1, panic: 5, format: 'extended' },
      { kernel: '6.1', arch: 'x86-64', nic: 'virtio-net', vcpus: 1, panic: 0, format: 'basic' },
    ]);
    expect(cells.at(-1)).toMatchObject({ kernel: '6.12', arch: 'arm64', nic: 'e1000', vcpus: 2, panic: 5 });
  });

  test('are there once, however often they were named', () => {
    const twice = { nic: ['e1000', 'e1000'], vcpus: [2, 2], panic: [0, 0], format: one.format };
    expect(cellsOf([kernel('6.1')], twice)).toHaveLength(1);
  });

  test('with a NIC nobody knows are an error', () => {
    expect(() => cellsOf([kernel('6.1')], { ...one, nic: ['e1001'] })).toThrow(
      expect.objectContaining({ code: 'NO_NIC' }),
    );
  });
});

async function virtioOnly() {
  const folder = await temporaryFolder();
  vi.stubEnv('CRASHLAB_CACHE', path.join(folder, 'cache'));
  return ownKernel(await writeOwnKernel(folder, '6.99.0-own'), folder);
}

describe('a kernel without the driver of one NIC', () => {
  const { signal } = new AbortController();

  test('leaves out that NIC’s cells and says what is missing', async () => {
    const own = await virtioOnly();
    const cells = cellsOf([own], { ...one, nic: ['virtio-net', 'vmxnet3'] });
    const { guests, without } = await fitOut(cells, { kernelOf: () => own, signal });
    expect([...guests.keys()].map(({ nic }) => nic)).toEqual(['virtio-net']);
    expect(without).toEqual([
      {
        cell: expect.objectContaining({ nic: 'vmxnet3' }),
        reason: expect.objectContaining({
          code: 'KERNEL_WITHOUT',
          message: 'Kernel 6.99.0-own has no vmxnet3, neither built in nor as a module.',
        }),
      },
    ]);
  });

  test('is an error where no other cell is left', async () => {
    const own = await virtioOnly();
    const cells = cellsOf([own], { ...one, nic: ['e1000', 'vmxnet3'] });
    await expect(fitOut(cells, { kernelOf: () => own, signal })).rejects.toMatchObject({
      code: 'KERNEL_WITHOUT',
      message: 'Kernel 6.99.0-own has no e1000, neither built in nor as a module.',
    });
  });

  test('has it where it is built in', async () => {
    const folder = await temporaryFolder();
    vi.stubEnv('CRASHLAB_CACHE', path.join(folder, 'cache'));
    const image = await writeOwnKernel(folder, '6.99.0-own');
    const builtin = path.join(folder, 'lib/modules/6.99.0-own/modules.builtin');
    await appendFile(builtin, 'kernel/drivers/net/ethernet/realtek/8139cp.ko\n');
    const own = await ownKernel(image, folder);
    const cells = cellsOf([own], { ...one, nic: ['rtl8139'] });
    const { guests, without } = await fitOut(cells, { kernelOf: () => own, signal });
    expect([guests.size, without]).toEqual([1, []]);
  });
});
