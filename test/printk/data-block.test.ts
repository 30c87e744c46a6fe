import { describe, expect, test } from 'vitest';
import { toByteString } from '../../harness/printk/byte-string.ts';
import { readText } from '../../harness/printk/data-block.ts';
import { contentOf, ringOf } from './read.ts';
import { bytes } from './ring-writer.ts';

const SIZE = 64;
const ID = 0x1234n;

/** An area of 64 bytes with one block in it, which holds `text`. */
function areaWith(start: number, text: string, id = ID) {
  const area = new Uint8Array(SIZE).fill(0xee);
  const view = new DataView(area.buffer);
  view.setBigUint64(start, id, true);
  area.set(bytes(text), start + 8);
  return { view, content: toByteString(area) };
}

const lap = (nth: bigint, place: number) => BigInt.asUintN(64, nth * BigInt(SIZE) + BigInt(place));

describe('a block', () => {
  test('in the middle of the area is read from its beginning', () => {
    const read = readText(areaWith(16, 'hello'), { begin: 16n, next: 32n }, { id: ID, length: 5 });
    expect(read).toEqual({ text: 'hello' });
  });

  test('that did not fit before the end begins anew at 0', () => {
    const positions = { begin: lap(5n, 56), next: lap(6n, 16) };
    expect(readText(areaWith(0, 'hello'), positions, { id: ID, length: 5 })).toEqual({ text: 'hello' });
  });

  test('that ends with the area begins anew at 0 on older kernels', () => {
    const positions = { begin: lap(5n, 48), next: lap(6n, 16) };
    expect(readText(areaWith(0, 'hello'), positions, { id: ID, length: 5 })).toEqual({ text: 'hello' });
  });

  test('that ends with the area stays there on newer kernels', () => {
    const positions = { begin: lap(5n, 48), next: lap(6n, 0) };
    expect(readText(areaWith(48, 'hello'), positions, { id: ID, length: 5 })).toEqual({ text: 'hello' });
  });

  test('is found where the positions overflow, at the end of the first lap', () => {
    const across = { begin: lap(-1n, 56), next: lap(0n, 16) };
    expect(readText(areaWith(0, 'hello'), across, { id: ID, length: 5 })).toEqual({ text: 'hello' });
    const upTo = { begin: lap(-1n, 48), next: lap(0n, 0) };
    expect(readText(areaWith(48, 'hello'), upTo, { id: ID, length: 5 })).toEqual({ text: 'hello' });
  });

  test('may fill the area', () => {
    const text = 'x'.repeat(SIZE - 8);
    const positions = { begin: lap(3n, 0), next: lap(4n, 0) };
    expect(readText(areaWith(0, text), positions, { id: ID, length: text.length })).toEqual({ text });
  });

  test('with the id of another record is overwritten', () => {
    const area = areaWith(16, 'hello', ID + 1n);
    expect(readText(area, { begin: 16n, next: 32n }, { id: ID, length: 5 })).toBe('overwritten');
  });

  test.each([
    ['its text is longer than it', 16, 16n, 32n, 9],
    ['it ends before it begins', 32, 32n, 16n, 5],
    ['it is empty', 16, 16n, 16n, 0],
    ['it has not even an id', 16, 16n, 20n, 0],
    ['it begins between two words', 12, 12n, 28n, 5],
    ['it ends between two words', 16, 16n, 28n, 4],
    ['it ends two laps later', 0, lap(1n, 16), lap(3n, 16), 5],
    ['it is longer than a lap', 0, 56n, 136n, 5],
    ['only its beginning says that it has no data', 0, 3n, 32n, 5],
    ['only its end says so', 16, 16n, 3n, 5],
  ])('is none when %s', (_, place, begin, next, length) => {
    expect(readText(areaWith(place, 'hello'), { begin, next }, { id: ID, length })).toBe('overwritten');
  });

  test.each([
    [3n, 3n, { text: '' }],
    [1n, 1n, 'never stored'],
    [1n, 3n, 'never stored'],
  ])('that is none, from %i to %i, says why', (begin, next, said) => {
    expect(readText(areaWith(16, ''), { begin, next }, { id: ID, length: 0 })).toEqual(said);
  });
});

describe.each(['old', 'new'] as const)('with the %s rule', (rule) => {
  test.each([8, 16, 24, 32, 40])('blocks of %i bytes are all found, lap after lap', async (block) => {
    const texts = Array.from({ length: 40 }, (_, at) =>
      String(at)
        .padEnd(block - 8, '.')
        .slice(0, block - 8),
    );
    const ring = ringOf(texts, { countBits: 6, sizeBits: 7, rule });
    const { kept } = ring.sequences();
    const { records } = await contentOf(ring);
    expect(records.map(({ sequence, text }) => [sequence, text])).toEqual(
      kept.map((sequence) => [sequence, texts[sequence]]),
    );
    expect(records.at(-1)?.sequence).toBe(39);
  });
});
