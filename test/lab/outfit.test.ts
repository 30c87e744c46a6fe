import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { cellsOf } from '../../harness/commands/cells.ts';
import type { NamedScenario } from '../../harness/lab/catalogue.ts';
import { fitOut } from '../../harness/lab/outfit.ts';
import type { Scenario } from '../../harness/lab/scenario.ts';
import { type Kernel, ownKernel } from '../../images/kernel.ts';
import { temporaryFolder } from '../host/temporary.ts';
import { writeOwnKernel } from '../images/own.ts';

const one = { vcpus: [1], format: ['extended' as const], panic: [0] };

function named(more: Partial<Scenario> = {}): NamedScenario {
  const expected: Scenario['expect'] = { kind: 'panic', ends: 'panic' };
  const scenario = { title: 'a', why: 'b', needs: [], run: async () => undefined, expect: expected };
  return { name: 'a', scenario: { ...scenario, ...more } };
}

/** A kernel whose one module is virtio-net's, and what else is built in. */
async function virtioOnly(builtIn = ''): Promise<Kernel> {
  const folder = await temporaryFolder();
  vi.stubEnv('CRASHLAB_CACHE', path.join(folder, 'cache'));
  const image = await writeOwnKernel(folder, '6.99.0-own');
  await appendFile(path.join(folder, 'lib/modules/6.99.0-own/modules.builtin'), builtIn);
  return ownKernel(image, folder);
}

const options = (kernel: Kernel, ...catalogue: NamedScenario[]) => ({
  kernels: [kernel],
  catalogue,
  scenarios: catalogue,
  accelerationOf: () => ({ accelerator: 'tcg' as const, qemu: 'QEMU', key: 'key' }),
  wire: 'stream' as const,
  append: 'mine=1',
  signal: new AbortController().signal,
});

describe('a kernel without the driver of one NIC', () => {
  test('lacks it, and says what is missing', async () => {
    const own = await virtioOnly();
    const cells = cellsOf([own], { ...one, nic: ['virtio-net', 'vmxnet3'] });
    const { lacks } = await fitOut(cells, options(own));
    expect(cells.map((cell) => lacks(named(), cell))).toEqual([
      null,
      'Kernel 6.99.0-own has no vmxnet3, neither built in nor as a module.',
    ]);
  });

  test('is an error where no other cell is left', async () => {
    const own = await virtioOnly();
    const cells = cellsOf([own], { ...one, nic: ['e1000', 'vmxnet3'] });
    await expect(fitOut(cells, options(own))).rejects.toMatchObject({
      code: 'KERNEL_WITHOUT',
      message: 'Kernel 6.99.0-own has no e1000, neither built in nor as a module.',
    });
  });

  test('has it where it is built in', async () => {
    const own = await virtioOnly('kernel/drivers/net/ethernet/realtek/8139cp.ko\n');
    const [cell] = cellsOf([own], { ...one, nic: ['rtl8139'] });
    const { lacks } = await fitOut(cell ? [cell] : [], options(own));
    expect(cell && lacks(named(), cell)).toBeNull();
  });
});

describe('a scenario that needs a module of the kernel’s', () => {
  const bonding = named({ needs: ['module:bonding'] });

  test.each([
    ['', '6.99.0-own has no module bonding.'],
    ['kernel/drivers/net/bonding/bonding.ko\n', null],
  ])('is not made without it: built in is %j', async (builtIn, lack) => {
    const own = await virtioOnly(builtIn);
    const [cell] = cellsOf([own], { ...one, nic: ['virtio-net'] });
    const { lacks } = await fitOut(cell ? [cell] : [], options(own, bonding));
    expect(cell && lacks(bonding, cell)).toBe(lack);
  });
});

test('a scenario’s own boot is in its machine, behind the user’s parameters', async () => {
  const own = await virtioOnly();
  const cells = cellsOf([own], { ...one, nic: ['virtio-net'] });
  const { specificationOf } = await fitOut(cells, options(own));
  const boot = { append: 'log_buf_len=4M', devices: ['i6300esb'], memoryMiB: 128 };
  for (const cell of cells) {
    expect(specificationOf({ scenario: named({ boot }), cell })).toMatchObject({
      commandLine: expect.stringMatching(/ mine=1 log_buf_len=4M$/),
      devices: ['i6300esb'],
      memoryMiB: 128,
    });
    expect(specificationOf({ scenario: named(), cell })).toMatchObject({ devices: [], memoryMiB: 256 });
  }
});

/** The whole initramfs of a scenario, in a lab that is made for these. */
async function initramfsOf(kernel: Kernel, scenario: NamedScenario, ...among: NamedScenario[]) {
  const [cell] = cellsOf([kernel], { ...one, nic: ['virtio-net'] });
  if (!cell) throw new Error('no cell');
  const { specificationOf } = await fitOut([cell], options(kernel, scenario, ...among));
  return readFile(specificationOf({ scenario, cell }).initramfs);
}

test('a scenario that goes on in a capture kernel carries it, and nobody else does', async () => {
  const own = await virtioOnly();
  const capturing = named({ boot: { start: 'with-capture' } });
  const plain = await initramfsOf(own, named());
  expect((await initramfsOf(own, named(), capturing)).equals(plain)).toBe(true);
  const whole = await initramfsOf(own, capturing, named());
  expect(whole.subarray(0, plain.length).equals(plain)).toBe(true);
  const more = whole.subarray(plain.length);
  expect(more.includes('capture/kernel\0')).toBe(true);
  expect(more.includes(await readFile(own.image))).toBe(true);
  // Its init is the same.
  expect(more.includes('crashlab.capture')).toBe(true);
});

test('only where a scenario dies before init its init is the kernel’s modprobe as well', async () => {
  const own = await virtioOnly();
  const early = named({ boot: { start: 'before-init' } });
  const plain = await initramfsOf(own, named());
  expect((await initramfsOf(own, named(), early)).equals(plain)).toBe(true);
  const whole = await initramfsOf(own, early, named());
  expect(whole.subarray(0, plain.length).equals(plain)).toBe(true);
  expect(whole.subarray(plain.length).includes('sbin/modprobe\0')).toBe(true);
});
