import { describe, expect, test } from 'vitest';
import { guestWith, noteText, PLACES } from './guest-memory.ts';
import { contentOf, failureOf, numbered, readGuest, ringOf } from './read.ts';

/** Lines without which, or with a lie in which, nothing can be read. */
const MEMBERS = Object.keys(
  Object.fromEntries(
    [...noteText().matchAll(/^((?:OFFSET|SIZE|LENGTH)\([\w.]+\))=/gm)].map(([, key]) => [key, 0]),
  ),
).filter(
  (line) =>
    // Nobody needs these.
    !/fail\)|SIZE\((?:prb_desc_ring|prb_data_blk_lpos|prb_data_ring|dev_printk_info)\)/.test(line),
);

describe('a kernel that does not say', () => {
  test.each(MEMBERS)('%s has no ring buffer that can be read', async (line) => {
    const failure = await failureOf(guestWith(ringOf(['a']), { note: { [line]: null } }));
    expect(failure).toContain(`VMCOREINFO says nothing usable of ${/\((.*)\)/.exec(line)?.[1]}`);
  });

  test('where prb is has none either', async () => {
    const guest = guestWith(ringOf(['a']), { note: { 'SYMBOL(prb)': null } });
    expect(await failureOf(guest)).toBe('VMCOREINFO names no prb: this kernel has no printk ring buffer');
  });
});

describe('a kernel that lies about its structures', () => {
  test.each(MEMBERS)('with 4097 bytes for %s is not believed', async (line) => {
    const failure = await failureOf(guestWith(ringOf(['a']), { note: { [line]: '4097' } }));
    expect(failure).toContain('says nothing usable');
  });

  test.each(MEMBERS.filter((line) => line.startsWith('OFFSET') || line.startsWith('LENGTH')))(
    'with %s behind the end of its structure is not believed',
    async (line) => {
      const failure = await failureOf(guestWith(ringOf(['a']), { note: { [line]: '4000' } }));
      expect(failure).toMatch(/^VMCOREINFO has members of \w+ outside its \d+ bytes$/);
    },
  );

  test.each(['printk_ringbuffer', 'prb_desc', 'printk_info'])(
    'with no bytes for %s is not believed',
    async (name) => {
      const failure = await failureOf(guestWith(ringOf(['a']), { note: { [`SIZE(${name})`]: '0' } }));
      expect(failure).toBe(`VMCOREINFO has members of ${name} outside its 0 bytes`);
    },
  );
});

describe('structures that are larger than ours', () => {
  test('are read all the same', async () => {
    // A kernel with CONFIG_PRINTK_EXECUTION_CTX, for one, has more in each info.
    const ring = ringOf(numbered(0, 3));
    const infos = new Uint8Array(ring.count * 112);
    for (let at = 0; at < ring.count; at++) infos.set(ring.infos.subarray(at * 88, (at + 1) * 88), at * 112);
    const larger = Object.assign(Object.create(ring) as typeof ring, { infos });
    const { records } = await contentOf(larger, { note: { 'SIZE(printk_info)': '112' } });
    expect(records.map(({ text }) => text)).toEqual(numbered(0, 3));
  });
});

describe('a ring buffer’s head', () => {
  const { ring } = PLACES;
  test.each([
    ['claims no descriptors', ring, 0n, 'the ring buffer claims 2^0 descriptors'],
    ['claims too many descriptors', ring, 26n, 'the ring buffer claims 2^26 descriptors'],
    ['claims more descriptors than memory', ring, 20n, 'the descriptors lies outside the guest’s memory'],
    ['claims no text', ring + 40, 0n, 'the ring buffer claims 2^0 bytes of text'],
    ['claims too much text', ring + 40, 32n, 'the ring buffer claims 2^32 bytes of text'],
    ['claims more text than anyone reads', ring + 40, 31n, 'the records’ text claims 2147483648 bytes'],
    ['has its descriptors elsewhere', ring + 8, 0n, 'the kernel address 0x0 is not mapped'],
    ['has its infos elsewhere', ring + 16, 0xffffffffbfff0000n, 'the records’ infos lies outside'],
    ['has its text elsewhere', ring + 48, 0xffffffffffffffffn, 'is not mapped'],
    ['has a head before its tail', ring + 24, 5n, 'head and tail are further apart than it is long'],
    ['is not where prb points', PLACES.pointer, 0n, 'the kernel address 0x0 is not mapped'],
  ])('that %s is a failure that says so', async (_, place, value, sentence) => {
    const guest = guestWith(ringOf(['a', 'b', 'c']));
    guest.memory.word(place, value);
    expect(await failureOf(guest)).toContain(sentence);
  });

  test('is never asked for as a whole when it is absurd', async () => {
    const guest = guestWith(ringOf(['a']));
    guest.memory.word(ring, 25n);
    await failureOf(guest);
    expect(Math.max(...guest.memory.asked)).toBeLessThan(4096);
  });
});

/** A guest whose ring was right until something changed record 5. */
const torn = (change: (guest: ReturnType<typeof guestWith>, at: { desc: number; info: number }) => void) => {
  const written = ringOf(numbered(0, 9));
  const guest = guestWith(written);
  const { desc, info } = written.places(5);
  change(guest, { desc: guest.places.descs + desc, info: guest.places.infos + info });
  return guest;
};

describe('a torn ring buffer', () => {
  test('with a record that has the number of another is a failure', async () => {
    const guest = torn(({ memory }, { info }) => memory.word(info, 6n));
    expect(await failureOf(guest)).toBe('the ring buffer’s record 5 says that it is record 6');
  });

  test('with a descriptor of another lap in the middle is a failure', async () => {
    const guest = torn(({ memory }, { desc }) => memory.word(desc, (2n << 62n) | 5n));
    expect(await failureOf(guest)).toBe(
      'a descriptor between the ring buffer’s tail and head belongs elsewhere',
    );
  });

  test('with numbers that no double can hold is a failure', async () => {
    const written = ringOf(['a']);
    const guest = guestWith(written);
    guest.memory.word(guest.places.infos, 2n ** 53n);
    expect(await failureOf(guest)).toBe('a record has a sequence number beyond 2^53');
  });

  test('still has the number of a record whose writer had not set it', async () => {
    const written = ringOf([...numbered(0, 4), { text: 'half', state: 'reserved' }, ...numbered(6, 9)]);
    const guest = guestWith(written);
    guest.memory.word(guest.places.infos + written.places(5).info, 0n);
    expect(await readGuest(guest)).toMatchObject({ unfinished: [5] });
  });
});
