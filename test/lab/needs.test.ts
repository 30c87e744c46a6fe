import { expect, test } from 'vitest';
import { lacking, type Need, neededModules, type Offer } from '../../harness/lab/needs.ts';

const CELL = {
  kernel: '6.1.0-56-cloud-amd64',
  arch: 'x86-64',
  nic: 'virtio-net',
  vcpus: 1,
  panic: 0,
  format: 'extended',
} as const;

const EVERYTHING: Offer = {
  architecture: { name: 'x86-64', offers: ['keyboard', 'nmi', 'gdb-stub', 'capture-kernel', 'hotplug'] },
  wire: 'stream',
  modules: new Set(['bonding']),
  labModule: null,
};
const NOTHING: Offer = {
  architecture: { name: 'arm64', offers: [] },
  wire: 'udp',
  modules: new Set(),
  labModule: 'no C compiler on this host.',
};

test.each<[Need, string]>([
  ['keyboard', 'A guest of architecture arm64 has no keyboard.'],
  ['x86-64', 'What it dies of is x86-64’s own: this guest is arm64.'],
  ['nmi', 'A guest of architecture arm64 has no nmi.'],
  ['gdb-stub', 'A guest of architecture arm64 has no gdb-stub.'],
  ['capture-kernel', 'A guest of architecture arm64 has no capture-kernel.'],
  ['hotplug', 'A guest of architecture arm64 has no hotplug.'],
  ['own-wire', 'It needs a wire of our own: --wire stream.'],
  ['lab-module', 'The lab’s module can’t be had for 6.1.0-56-cloud-amd64: no C compiler on this host.'],
  ['module:bonding', '6.1.0-56-cloud-amd64 has no module bonding.'],
])('what needs %s is not made where there is none, and is where there is', (need, reason) => {
  expect(lacking([need], CELL, NOTHING)).toBe(reason);
  expect(lacking([need], CELL, EVERYTHING)).toBeNull();
});

test('virtual CPUs are no lack: a cell gets them', () => {
  expect(lacking(['vcpus:4'], CELL, NOTHING)).toBeNull();
});

test('the modules that scenarios need are named once each', () => {
  const scenarios = [{ needs: ['module:bonding', 'nmi'] }, { needs: ['module:bonding', 'module:8021q'] }];
  expect(neededModules(scenarios as { needs: Need[] }[])).toEqual(['8021q', 'bonding']);
});
