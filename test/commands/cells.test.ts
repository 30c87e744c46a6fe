import { describe, expect, test } from 'vitest';
import { cellsOf } from '../../harness/commands/cells.ts';
import type { Kernel } from '../../images/kernel.ts';

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
