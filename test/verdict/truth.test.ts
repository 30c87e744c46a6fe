import { describe, expect, test } from 'vitest';
import type { RingContent } from '../../harness/printk/records.ts';
import { truthFrom } from '../../harness/verdict/truth.ts';
import { numbered, contentOf, ringOf } from '../printk/read.ts';
import { record, records } from './build.ts';

const MARKER = 'crashlab: marker 1';
const marker = (sequence: number) => record(sequence, { text: MARKER });
const ring = (over: Partial<RingContent>): RingContent => ({
  records: [],
  unfinished: [],
  textLost: [],
  ...over,
});

describe('the truth', () => {
  test('begins with the marker', () => {
    const all = [...records(3, 6), marker(7), ...records(8, 9)];
    expect(truthFrom(ring({ records: all }), MARKER, null)).toEqual({
      marker: MARKER,
      records: [marker(7), ...records(8, 9)],
      overwritten: [],
      unfinished: [],
    });
  });

  test('begins where the ring has the marker, whatever a witness says', () => {
    const all = [...records(3, 6), marker(7), ...records(8, 9)];
    expect(truthFrom(ring({ records: all }), MARKER, 4)?.records[0]?.sequence).toBe(7);
  });

  test('begins at the first of two markers', () => {
    const all = [marker(1), ...records(2, 3), marker(4)];
    expect(truthFrom(ring({ records: all }), MARKER, null)?.records).toHaveLength(4);
  });

  test('is not begun by words that only hold the marker’s', () => {
    const all = [record(1, { text: `${MARKER} and more` }), marker(2)];
    expect(truthFrom(ring({ records: all }), MARKER, null)?.records).toEqual([marker(2)]);
  });

  test('names what was overwritten since the marker that a witness saw', () => {
    expect(truthFrom(ring({ records: records(10, 12) }), MARKER, 6)).toEqual({
      marker: MARKER,
      records: records(10, 12),
      overwritten: [6, 7, 8, 9],
      unfinished: [],
    });
  });

  test('names what lost its text, and what never had one, from the marker on', () => {
    const content = ring({
      records: [record(4), marker(6), record(8)],
      unfinished: [5, 9],
      textLost: [3, 7],
    });
    expect(truthFrom(content, MARKER, null)).toEqual({
      marker: MARKER,
      records: [marker(6), record(8)],
      overwritten: [7],
      unfinished: [9],
    });
  });

  test('has every number from the marker on in one list, whatever the ring begins with', () => {
    const begins = [
      ring({ records: records(12, 13), unfinished: [10], textLost: [11] }),
      ring({ records: records(12, 13), unfinished: [11], textLost: [10] }),
      ring({ records: records(10, 11), unfinished: [13], textLost: [12] }),
    ];
    for (const content of begins) {
      const truth = truthFrom(content, MARKER, 8);
      const all = [
        ...(truth?.records ?? []).map(({ sequence }) => sequence),
        ...(truth?.overwritten ?? []),
        ...(truth?.unfinished ?? []),
      ];
      expect(all.sort((a, b) => a - b)).toEqual([8, 9, 10, 11, 12, 13]);
    }
  });

  test('can be that everything was overwritten', () => {
    expect(truthFrom(ring({ textLost: [4, 5] }), MARKER, 3)).toEqual({
      marker: MARKER,
      records: [],
      overwritten: [3, 4, 5],
      unfinished: [],
    });
  });

  test('of a ring that has run over itself is what is left, and the numbers of the rest', async () => {
    const content = await contentOf(ringOf([MARKER, ...numbered(1, 99)], { countBits: 4, sizeBits: 8 }));
    const truth = truthFrom(content, MARKER, 0);
    expect(truth?.records.map(({ text }) => text)).toEqual(numbered(90, 99));
    expect(truth?.overwritten).toEqual(Array.from({ length: 90 }, (_, at) => at));
  });
});

describe('there is no truth', () => {
  test('when nobody knows where the marker was', () => {
    expect(truthFrom(ring({ records: records(1, 3) }), MARKER, null)).toBeNull();
  });

  test('in an empty ring', () => {
    expect(truthFrom(ring({}), MARKER, 5)).toBeNull();
    expect(truthFrom(ring({}), MARKER, null)).toBeNull();
  });

  test('in a ring that ends before the marker', () => {
    expect(truthFrom(ring({ records: records(1, 3) }), MARKER, 4)).toBeNull();
  });

  test('in a ring that is further on than any guest can write', () => {
    const far = ring({ records: [record(2 ** 52)] });
    expect(truthFrom(far, MARKER, 3)).toBeNull();
  });
});
