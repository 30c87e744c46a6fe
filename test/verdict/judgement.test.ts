import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judged, outOfPlace } from '../../harness/verdict/judgement.ts';

const NONE = { written: 0, arrived: 0, missing: [], torn: [], doubled: [], misplaced: [], lost: [] };
const whole = { ...NONE, written: 3, arrived: 3 };

describe('a judgement', () => {
  test('is complete when everything arrived and nothing is wrong', () => {
    expect(judged(whole)).toEqual({ status: 'complete', ...whole });
  });

  test.each(['missing', 'torn', 'doubled', 'misplaced'])('is incomplete with one record %s', (list) => {
    expect(judged({ ...whole, [list]: [1] }).status).toBe('incomplete');
  });

  test.each([2, 4])('is incomplete when %i of 3 arrived, whatever the lists say', (arrived) => {
    expect(judged({ ...whole, arrived }).status).toBe('incomplete');
  });

  test('is undecidable when nothing was written', () => {
    expect(judged(NONE)).toMatchObject({ status: 'undecidable', reason: expect.stringContaining('nothing') });
  });

  test('is undecidable when nothing was written but the marker', () => {
    expect(judged({ ...NONE, written: 1, arrived: 1 })).toMatchObject({
      status: 'undecidable',
      reason: expect.stringContaining('after the marker'),
    });
    expect(judged({ ...NONE, written: 1, missing: [4] }).status).toBe('incomplete');
  });

  test('is undecidable, with its numbers, when only a doubt is left', () => {
    const doubt = { reason: 'who knows', records: 1 };
    const lists = { ...whole, arrived: 2 };
    expect(judged(lists, doubt)).toEqual({ status: 'undecidable', reason: 'who knows', ...lists });
    expect(judged(lists, { ...doubt, records: 0 }).status).toBe('incomplete');
    expect(judged({ ...lists, torn: [1] }, doubt)).not.toHaveProperty('reason');
  });
});

describe('out of place', () => {
  test.each([
    [[], []],
    [[1, 2, 5, 9], []],
    [[2, 1], [1]],
    [[1, 3, 2, 4], [2]],
    [
      [4, 1, 2, 3],
      [1, 2, 3],
    ],
    [
      [1, 5, 2, 6, 3],
      [2, 3],
    ],
    [[0, 0], []],
  ])('in %j is %j', (order, late) => {
    expect(outOfPlace(order)).toEqual(late);
  });

  test('is nothing exactly where the order ascends', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(50)), (order) => {
        const sorted = [...order].sort((a, b) => a - b);
        expect(outOfPlace(order).length === 0).toBe(order.every((one, at) => one === sorted[at]));
      }),
    );
  });
});
