import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { guestWith, noteText, PLACES, type SyntheticGuest } from './guest-memory.ts';
import { numbered, readGuest, ringOf } from './read.ts';

const MIB = 1024 * 1024;
const RING = ringOf(
  [...numbered(0, 20), '', { text: 'x', noRoom: true }, { text: 'half', state: 'reserved' }, 'end'],
  { countBits: 4, sizeBits: 8 },
);
const make = () => guestWith(RING, { directMap: { levels: 4, page: '4 KiB' } });
const { places, note } = make();

const PARTS: [string, number, number][] = [
  ['note', PLACES.note, PLACES.note + note.size],
  ['page tables', PLACES.tables, PLACES.tables + 4 * 4096],
  ['pointer', PLACES.pointer, PLACES.pointer + 8],
  ['head', PLACES.ring, PLACES.ring + 80],
  ['descriptors', places.descs, places.descs + RING.descs.length],
  ['infos', places.infos, places.infos + RING.infos.length],
  ['text', places.text, places.end],
];

/**
 * What is wrong with an answer: it has to be a sentence, or a ring that could be one, and must not take the
 * earth to be had.
 */
async function nonsenseIn(guest: SyntheticGuest): Promise<string[]> {
  const content = await readGuest(guest);
  const { asked } = guest.memory;
  const nonsense: string[] = [];
  if (Math.max(...asked) > 256 * MIB) nonsense.push(`it reads ${Math.max(...asked)} bytes at once`);
  if (asked.length > 40) nonsense.push(`it reads ${asked.length} times`);
  if ('failure' in content) {
    if (!/^[^\n]{10,200}$/.test(content.failure)) nonsense.push(`no sentence: ${content.failure}`);
    return nonsense;
  }
  const records = content.records.map(({ sequence }) => sequence);
  const lists = [records, content.unfinished, content.textLost];
  const all = lists.flat().sort((a, b) => a - b);
  const first = all[0] ?? 0;
  if (!(first >= 0 && Number.isSafeInteger(first))) nonsense.push(`no number: ${first}`);
  if (!all.every((sequence, at) => sequence === first + at)) nonsense.push(`not one of each: ${all.join()}`);
  if (!lists.every((list) => list.every((one, at) => at === 0 || one > (list[at - 1] ?? 0))))
    nonsense.push('out of order');
  return nonsense;
}

describe('memory that lies', () => {
  test.each(PARTS)('about the %s, some bytes changed, is read with sense', async (_, start, end) => {
    const change = fc.record({ at: fc.integer({ min: start, max: end - 1 }), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const guest = make();
        for (const { at, byte } of changes) guest.memory.bytes[at] = byte;
        expect(await nonsenseIn(guest)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test.each(PARTS)('about the %s, one bit flipped, is read with sense', async (_, start, end) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: start, max: end - 1 }), fc.nat(7), async (at, bit) => {
        const guest = make();
        guest.memory.bytes[at] = (guest.memory.bytes[at] ?? 0) ^ (1 << bit);
        expect(await nonsenseIn(guest)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test.each(PARTS)('about the %s, all of it noise, is read with sense', async (_, start, end) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: end - start, maxLength: end - start }), async (noise) => {
        const guest = make();
        guest.memory.set(start, noise);
        expect(await nonsenseIn(guest)).toEqual([]);
      }),
      { numRuns: 10 },
    );
  });

  test('in the numbers of its note is read with sense', async () => {
    const keys = [...noteText().matchAll(/^(\w+\([\w.]+\))=/gm)].map(([, key]) => key ?? '');
    const value = fc.oneof(
      fc.nat(5000).map(String),
      fc.bigInt(0n, 2n ** 64n - 1n).map((number) => number.toString(16)),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('SYMBOL(prb)', 'NUMBER(phys_base)', ...keys), value), {
          minLength: 1,
          maxLength: 4,
        }),
        async (changes) => {
          const guest = guestWith(RING, {
            directMap: { levels: 4, page: '4 KiB' },
            note: Object.fromEntries(changes),
          });
          expect(await nonsenseIn(guest)).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });
});
