import { describe, expect, test } from 'vitest';
import { ARCHITECTURES, architectureNamed, networkCardNamed } from '../../harness/machine/architecture.ts';

describe('an architecture', () => {
  test.each([
    ['x86-64', 'x86-64'],
    ['amd64', 'x86-64'],
    ['x86_64', 'x86-64'],
    ['arm64', 'arm64'],
    ['aarch64', 'arm64'],
  ])('is found by the name %s', (name, expected) => {
    expect(architectureNamed(name).name).toBe(expected);
  });

  test.each([
    ['amd46', 'Did you mean amd64?'],
    ['aarch46', 'Did you mean aarch64?'],
    ['m68k', 'There are: x86-64, arm64.'],
    ['toString', 'There are: x86-64, arm64.'],
  ])('%s is corrected', (name, advice) => {
    expect(() => architectureNamed(name)).toThrow(
      expect.objectContaining({ blame: 'usage', code: 'NO_ARCHITECTURE', advice }),
    );
  });

  test('stands in the table under its own name', () => {
    expect(Object.entries(ARCHITECTURES).filter(([key, { name }]) => key !== name)).toEqual([]);
  });
});

describe('a network card', () => {
  test('is found by its name', () => {
    expect(networkCardNamed('rtl8139')).toMatchObject({ device: 'rtl8139', modules: ['8139cp'] });
  });

  test.each([
    ['e100', 'Did you mean e1000?'],
    ['virtio_net', 'Did you mean virtio-net?'],
    ['ne2k', 'There are: virtio-net, e1000, e1000e, rtl8139, vmxnet3.'],
    ['constructor', 'There are: virtio-net, e1000, e1000e, rtl8139, vmxnet3.'],
  ])('%s is corrected', (name, advice) => {
    expect(() => networkCardNamed(name)).toThrow(
      expect.objectContaining({ blame: 'usage', code: 'NO_NIC', advice }),
    );
  });
});
