import { describe, expect, test } from 'vitest';
import { findFunction, functionLength, similarFunctions } from '../../harness/symbols/find.ts';
import type { KernelSymbol } from '../../harness/symbols/kallsyms.ts';

const at = (name: string, address: number, more: Partial<KernelSymbol> = {}): KernelSymbol => ({
  name,
  type: 't',
  address: 0xffffffff81000000n + BigInt(address),
  ...more,
});
const TABLE = [
  at('__pfx_kfree', 0xf0),
  at('kfree', 0x100),
  at('__alloc_skb', 0x200),
  at('copy', 0x400),
  at('copy', 0x300),
  at('start_xmit', 0x500, { module: 'virtio_net' }),
  at('start_xmit', 0x600, { module: 'e1000' }),
  at('shrink.isra.0', 0x700),
  at('shrink.isra.0.cold', 0x780),
  at('grow.cold', 0x800),
  at('alias', 0x900),
  at('alias', 0x900, { type: 'W' }),
  at('jiffies', 0xa00, { type: 'D' }),
];
const found = (name: string) => {
  const one = findFunction(TABLE, name);
  return one.kind === 'found' ? Number(one.symbol.address & 0xffffffn) : one.kind;
};

describe('a function', () => {
  test.each([
    ['kfree', 0x100],
    ['start_xmit [virtio_net]', 0x500],
    ['start_xmit [e1000]', 0x600],
    ['shrink.isra.0', 0x700],
    // Asked for by its full name.
    ['grow.cold', 0x800],
    // One place with two names is one function.
    ['alias', 0x900],
  ])('called %s is found', (name, address) => {
    expect(found(name)).toBe(address);
  });

  test('whose name several have is chosen by its number, in order of address', () => {
    expect(found('copy')).toBe('ambiguous');
    expect(found('copy@1')).toBe(0x300);
    expect(found('copy@2')).toBe(0x400);
    expect(found('copy@3')).toBe('ambiguous');
    const both = findFunction(TABLE, 'copy');
    expect(both.kind === 'ambiguous' && both.symbols.map(({ address }) => address & 0xfffn)).toEqual([
      0x300n,
      0x400n,
    ]);
  });

  test.each(['start_xmit', 'shrink', 'grow', 'jiffies', 'kfree [virtio_net]', 'kfree@0', '', 'two words'])(
    'called "%s" is not there, and nothing else is taken for it',
    (name) => {
      expect(found(name)).toBe('none');
    },
  );

  test('of a module may be written as the module’s file is', () => {
    const table = [at('probe', 1, { module: 'snd_hda' })];
    expect(findFunction(table, 'probe [snd-hda]').kind).toBe('found');
  });

  test('ends where the next symbol begins', () => {
    expect(functionLength(TABLE, at('', 0x100).address, 4096)).toBe(0x100);
    expect(functionLength(TABLE, at('', 0x900).address, 16)).toBe(16);
  });
});

describe('for a name that is not there', () => {
  test.each([
    ['start_xmit', ['start_xmit [e1000]', 'start_xmit [virtio_net]']],
    ['kfree [ext4]', ['kfree']],
    ['shrink', ['shrink.isra.0']],
    ['alloc_skb', ['__alloc_skb']],
    ['___alloc_skb', ['__alloc_skb']],
    ['shrink.constprop.1', ['shrink.isra.0']],
    ['xmit', ['start_xmit [e1000]', 'start_xmit [virtio_net]']],
  ])('%s, one is told %j', (name, names) => {
    expect(similarFunctions(TABLE, name, 8)).toEqual(names);
  });

  test.each(['grow', 'jiffies', 'xyz', 'sk'])('%s, nothing is like it', (name) => {
    expect(similarFunctions(TABLE, name, 8)).toEqual([]);
  });
});
