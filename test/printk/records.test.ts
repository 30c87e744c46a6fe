import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentOf, numbered, ringOf } from './read.ts';
import { type Message, RingWriter } from './ring-writer.ts';

const textsOf = async (ring: RingWriter) => (await contentOf(ring)).records.map(({ text }) => text);

describe('a record', () => {
  test('has every field as the kernel stored it', async () => {
    const { records } = await contentOf(
      ringOf([
        {
          text: 'e1000e: link is up',
          facility: 3,
          level: 4,
          flags: 2,
          caller: 0x80000000 + 7,
          timestampNs: 12_345_678_901n,
          subsystem: 'pci',
          device: '+pci:0000:00:03.0',
        },
      ]),
    );
    expect(records).toEqual([
      {
        sequence: 0,
        timestampUs: 12_345_678,
        facility: 3,
        level: 4,
        flags: 2,
        caller: 'C7',
        finalised: true,
        text: 'e1000e: link is up',
        dictionary: { SUBSYSTEM: 'pci', DEVICE: '+pci:0000:00:03.0' },
      },
    ]);
  });

  test.each([
    [0, 'T0'],
    [4_194_304, 'T4194304'],
    [0x7fffffff, 'T2147483647'],
    [0x80000000, 'C0'],
  ])('that %i logged has the caller %s', async (caller, name) => {
    const { records } = await contentOf(ringOf([{ text: 'x', caller }]));
    expect(records[0]?.caller).toBe(name);
  });

  test.each([
    [0, 0],
    [7, 0],
    [0, 31],
    [5, 10],
  ])('keeps level %i and flags %i apart', async (level, flags) => {
    const { records } = await contentOf(ringOf([{ text: 'x', level, flags }]));
    expect(records[0]).toMatchObject({ level, flags });
  });

  test('has the part of the dictionary that was given, each to the end of its room', async () => {
    const [subsystem, device] = ['s'.repeat(16), 'd'.repeat(48)];
    const { records } = await contentOf(
      ringOf([{ text: 'x', device }, { text: 'y', subsystem }, { text: 'z', subsystem, device }, 'none']),
    );
    expect(records.map(({ dictionary }) => dictionary)).toEqual([
      { DEVICE: device },
      { SUBSYSTEM: subsystem },
      { SUBSYSTEM: subsystem, DEVICE: device },
      {},
    ]);
  });

  test('keeps every byte of its text', async () => {
    const text = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
    expect(await textsOf(ringOf([text]))).toEqual([text]);
  });

  test('can be an empty line, which has no text block', async () => {
    expect(await textsOf(ringOf(['a', '', 'b']))).toEqual(['a', '', 'b']);
  });
});

describe('a ring', () => {
  test('that nobody wrote to holds nothing', async () => {
    expect(await contentOf(ringOf([]))).toEqual({ records: [], unfinished: [], textLost: [] });
  });

  test('holds all records until it is full', async () => {
    const { records, textLost } = await contentOf(ringOf(numbered(0, 14), { sizeBits: 12 }));
    expect(records.map(({ sequence, text }) => [sequence, text])).toEqual(
      numbered(0, 14).map((text, sequence) => [sequence, text]),
    );
    expect(textLost).toEqual([]);
  });

  test.each([15, 16, 17, 31, 32, 33, 100])(
    'of 16 descriptors holds the last 16 of %i messages',
    async (count) => {
      // The ids overflow after the first lap of the descriptors, that is within these numbers.
      const { records, unfinished, textLost } = await contentOf(ringOf(numbered(1, count), { sizeBits: 12 }));
      expect(records.map(({ text }) => text)).toEqual(numbered(Math.max(1, count - 15), count));
      expect(records.at(-1)?.sequence).toBe(count - 1);
      expect({ unfinished, textLost }).toEqual({ unfinished: [], textLost: [] });
    },
  );

  test('names the records whose text is overwritten while their descriptors are still there', async () => {
    const ring = ringOf(numbered(0, 11), { sizeBits: 7 });
    const { records, textLost } = await contentOf(ring);
    // Each block has 24 bytes, so five of them fit.
    expect(records.map(({ sequence }) => sequence)).toEqual([7, 8, 9, 10, 11]);
    expect(textLost).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('keeps an empty line whose neighbours are overwritten', async () => {
    const ring = ringOf(['', ...numbered(1, 4), '', ...numbered(6, 11)], { sizeBits: 7 });
    const { records, textLost } = await contentOf(ring);
    expect(records.map(({ sequence }) => sequence)).toEqual([0, 5, 7, 8, 9, 10, 11]);
    expect(textLost).toEqual([1, 2, 3, 4, 6]);
  });
});

describe('a writer', () => {
  test('that died before it was done leaves an unfinished record', async () => {
    const ring = ringOf(['a', { text: 'half', state: 'reserved' }, 'b']);
    const { records, unfinished } = await contentOf(ring);
    expect(records.map(({ text }) => text)).toEqual(['a', 'b']);
    expect(unfinished).toEqual([1]);
  });

  test('that died as soon as it had taken its descriptor leaves one too, new or used', async () => {
    const fresh = ringOf(['a']);
    fresh.take();
    fresh.write({ text: 'b' });
    expect((await contentOf(fresh)).unfinished).toEqual([1]);

    const used = ringOf(numbered(0, 19));
    used.take();
    expect((await contentOf(used)).unfinished).toEqual([20]);
  });

  test('that took a descriptor in an empty ring leaves record 0 unfinished', async () => {
    const ring = new RingWriter({ countBits: 4, sizeBits: 10 });
    ring.take();
    expect(await contentOf(ring)).toEqual({ records: [], unfinished: [0], textLost: [] });
  });

  test('that found no room for its text leaves a record that never had one', async () => {
    const { records, unfinished } = await contentOf(ringOf(['a', { text: 'lost', noRoom: true }, 'b']));
    expect(records.map(({ text }) => text)).toEqual(['a', 'b']);
    expect(unfinished).toEqual([1]);
  });

  test('that may still append to its record has it there, not finalised', async () => {
    const { records } = await contentOf(ringOf(['a', { text: 'b, and', state: 'committed' }]));
    expect(records.map(({ text, finalised }) => [text, finalised])).toEqual([
      ['a', true],
      ['b, and', false],
    ]);
  });
});

const byteString = (maxLength: number) =>
  fc
    .uint8Array({ maxLength })
    .map((bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
const name = (maxLength: number) =>
  fc
    .uint8Array({ min: 1, maxLength })
    .map((bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
const message: fc.Arbitrary<Required<Message>> = fc.record({
  text: byteString(48),
  state: fc.constant('finalised'),
  noRoom: fc.constant(false),
  facility: fc.nat(255),
  level: fc.nat(7),
  flags: fc.nat(31),
  caller: fc.nat(0xffffffff),
  timestampNs: fc.bigInt(0n, 2n ** 62n),
  subsystem: name(16),
  device: name(48),
});

test('whatever is written is read back exactly, in the order of its numbers', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { maxLength: 60 }),
      fc.record({
        countBits: fc.integer({ min: 1, max: 6 }),
        sizeBits: fc.integer({ min: 7, max: 11 }),
        rule: fc.constantFrom('old' as const, 'new' as const),
      }),
      async (messages, options) => {
        const ring = ringOf(messages, options);
        const { kept, reusable } = ring.sequences();
        const content = await contentOf(ring);
        expect(content.textLost).toEqual(reusable);
        expect(content.unfinished).toEqual([]);
        expect(content.records).toEqual(
          kept.map((sequence) => {
            const { text, facility, level, flags, caller, timestampNs, subsystem, device } =
              messages[sequence] ?? ({} as Required<Message>);
            return {
              sequence,
              text,
              facility,
              level,
              flags,
              finalised: true,
              caller: caller >= 2 ** 31 ? `C${caller - 2 ** 31}` : `T${caller}`,
              timestampUs: Number(timestampNs / 1000n),
              dictionary: { ...(subsystem && { SUBSYSTEM: subsystem }), ...(device && { DEVICE: device }) },
            };
          }),
        );
      },
    ),
    { numRuns: 200 },
  );
});
