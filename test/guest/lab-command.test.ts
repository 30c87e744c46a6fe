import { describe, expect, test } from 'vitest';
import { parseExhausted, renderCommand, renderFollow } from '../../harness/guest/lab-command.ts';

describe('a line for the lab module', () => {
  test('names each option that is given, and no other', () => {
    expect(renderCommand('burst', { count: 300, size: undefined, context: 'nmi' })).toBe(
      'burst count=300 context=nmi',
    );
    expect(renderCommand('hold', { lock: 'tx', cpu: 0, ms: 'forever' })).toBe(
      'hold lock=tx cpu=0 ms=forever',
    );
    expect(renderCommand('lockup', {})).toBe('lockup');
  });

  test('says what follows while the precondition lasts', () => {
    expect(renderFollow(0)).toBe('then=return');
    expect(renderFollow(300)).toBe('then=burst:300,return');
    expect(renderFollow(300, 'panic')).toBe('then=burst:300,panic');
    expect(renderFollow(0, 'stack-overflow')).toBe('then=stack-overflow');
  });
});

describe('what the module took', () => {
  test('is read from its record', () => {
    const record = 'crashlab: exhausted pages=52311 objects=410 object-bytes=81920 free-pages=12 rounds=3';
    expect(parseExhausted(record)).toEqual({
      pages: 52_311,
      objects: 410,
      objectBytes: 81_920,
      freePages: 12,
    });
  });

  test('is nothing where it does not say so', () => {
    expect(() => parseExhausted('done\n')).toThrow(/did not say what it took: done/);
  });
});
