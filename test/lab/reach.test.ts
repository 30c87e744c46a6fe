import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { reachOf } from '../../harness/lab/reach.ts';
import type { Need } from '../../harness/lab/needs.ts';
import { scenario } from '../../harness/lab/scenario.ts';
import { temporaryFolder } from '../host/temporary.ts';

const needing = (name: string, needs: Need[]) => ({
  name,
  scenario: scenario({
    title: name,
    why: 'it needs something',
    needs,
    run: async () => undefined,
    expect: { kind: 'panic', ends: 'panic' },
  }),
});

/** A kernel with these lines of modules.dep and modules.builtin. */
async function kernelWith(arch: string, loadable: string[], builtIn: string[] = []) {
  const modulesRoot = await temporaryFolder();
  const folder = path.join(modulesRoot, 'lib/modules/6.1');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'modules.dep'), loadable.map((file) => `${file}:\n`).join(''));
  await writeFile(path.join(folder, 'modules.builtin'), builtIn.map((file) => `${file}\n`).join(''));
  return { release: '6.1', arch, image: '', modulesRoot, source: 'a test', hash: 'one' };
}

test('a kernel carries the scenarios whose modules it has, on the NICs whose drivers it has', async () => {
  const drivers = ['kernel/drivers/virtio/virtio_pci.ko.xz', 'kernel/drivers/net/bonding/bonding.ko'];
  const kernel = await kernelWith('x86-64', drivers, ['kernel/drivers/net/virtio_net.ko']);
  const catalogue = [
    needing('plain', []),
    needing('bond', ['module:bonding']),
    needing('team', ['module:team']),
  ];
  expect(await reachOf(kernel, catalogue)).toEqual({
    release: '6.1',
    arch: 'x86-64',
    nics: ['virtio-net'],
    lacks: { team: '6.1 has no module team.' },
  });
});

test('of an architecture without a keyboard none that needs one is carried, nor any on a NIC without its bus', async () => {
  const kernel = await kernelWith('arm64', ['kernel/drivers/net/virtio_net.ko']);
  const { nics, lacks } = await reachOf(kernel, [needing('keys', ['keyboard']), needing('plain', [])]);
  expect(nics).toEqual([]);
  expect(Object.keys(lacks)).toEqual(['keys']);
});
