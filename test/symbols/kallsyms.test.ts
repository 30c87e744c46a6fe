import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseKallsyms, readKallsyms } from '../../harness/symbols/kallsyms.ts';
import { guestWithSymbols, STEXT, type Symbol, type SymbolGuest, type Way } from './kallsyms-writer.ts';

const WAYS: Way[] = ['from a base', 'per CPU', 'from their own place'];
const SYMBOLS: Symbol[] = [
  { name: '_text', type: 'T', address: STEXT - 0x1000n },
  { name: '_stext', type: 'T', address: STEXT },
  { name: 'sys_read', type: 'T', address: STEXT + 0x123450n },
  { name: 'kmalloc_init', type: 't', address: STEXT + 0x123460n },
  { name: 'x', type: 'b', address: STEXT + 0x2000000n },
];
const read = ({ memory, info }: SymbolGuest) => readKallsyms(memory, info);

describe('a symbol table', () => {
  test.each(WAYS)('whose addresses are %s is read whole', async (way) => {
    expect(await read(guestWithSymbols(SYMBOLS, way))).toEqual(SYMBOLS);
  });

  test('with values per CPU has those as they are', async () => {
    const symbols = [{ name: 'cpu_number', type: 'A', address: 0x1f000n }, ...SYMBOLS];
    expect(await read(guestWithSymbols(symbols, 'per CPU'))).toEqual(symbols);
  });

  test.each([126, 127, 128, 129, 255, 256, 300, 511])('may have a name of %i bytes', async (length) => {
    const long = { name: 'n'.repeat(length), type: 't', address: STEXT + 16n };
    const symbols = [SYMBOLS[1], long, SYMBOLS[2]].filter((one) => one !== undefined);
    expect(await read(guestWithSymbols(symbols))).toEqual(symbols);
  });

  test.each(WAYS)('of any names and addresses, %s, is read back exactly', async (way) => {
    const symbol = fc.record({
      name: fc.string({
        unit: fc.constantFrom('a', 'z', '_', '0', '.', '$', 'sys_', '_init', 'kmalloc_'),
        minLength: 1,
        maxLength: 80,
      }),
      type: fc.constantFrom('T', 't', 'W', 'b', 'D', 'A'),
      address: fc.nat(0x3000_0000).map((offset) => STEXT + BigInt(offset)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(symbol, { maxLength: 50 }), async (others) => {
        const symbols = [...others, { name: '_stext', type: 'T', address: STEXT }];
        expect(await read(guestWithSymbols(symbols, way))).toEqual(symbols);
      }),
      { numRuns: 40 },
    );
  });
});

const failureOf = async (guest: SymbolGuest) => {
  const table = await read(guest);
  if (!('failure' in table)) throw new Error('it was read');
  return table.failure;
};
/** What is said of a table with another number at this place. */
const changed = async (place: keyof SymbolGuest['places'], value: number, plus = 0) => {
  const guest = guestWithSymbols(SYMBOLS);
  new DataView(guest.memory.bytes.buffer).setUint32(guest.places[place] + plus, value, true);
  return failureOf(guest);
};

describe('a symbol table that cannot be one', () => {
  test.each(['num_syms', 'names', 'token_table', 'token_index', 'offsets'])(
    'because nobody says where its %s is',
    async (part) => {
      const name = `kallsyms_${part}`;
      expect(await failureOf(guestWithSymbols(SYMBOLS, undefined, { [`SYMBOL(${name})`]: null }))).toBe(
        `VMCOREINFO names no ${name}`,
      );
    },
  );

  test('because it has no symbols, or too many', async () => {
    expect(await changed('count', 0)).toBe('kallsyms claims 0 symbols');
    expect(await changed('count', 0xffffffff)).toBe('kallsyms claims 4294967295 symbols');
  });

  test('because its names are too few for its symbols', async () => {
    // What comes next are the tokens' zeros.
    expect(await changed('count', 6)).toMatch(
      /^the kallsyms name 5 is no name$|^the kallsyms names end too early$/,
    );
    expect(await changed('count', 2_000_000)).toMatch(/outside the guest’s memory|end too early|is no name/);
  });

  test('because a name ends behind the names', async () => {
    expect(await changed('names', 0xffffffff)).toBe('the kallsyms names end too early');
  });

  test('because its names come after its tokens', async () => {
    const { info, places, memory } = guestWithSymbols(SYMBOLS);
    info.symbols.set('kallsyms_names', (info.symbols.get('kallsyms_names') ?? 0n) + BigInt(places.end));
    expect(await failureOf({ info, places, memory })).toMatch(/^-\d+ bytes can’t be the names of 5 symbols$/);
  });

  test('because _stext is elsewhere, or unknown', async () => {
    const sentence = 'the kallsyms offsets don’t lead to _stext';
    expect(await changed('offsets', 0x1001, 4)).toBe(sentence);
    expect(await failureOf(guestWithSymbols(SYMBOLS, undefined, { 'SYMBOL(_stext)': null }))).toBe(sentence);
    const without = SYMBOLS.filter(({ name }) => name !== '_stext');
    expect(await failureOf(guestWithSymbols(without))).toBe(sentence);
  });

  test('because a token never ends', async () => {
    const guest = guestWithSymbols(SYMBOLS);
    guest.memory.bytes.fill(0x61, guest.places.table, guest.places.table + 16_384);
    expect(await failureOf(guest)).toMatch(/^the kallsyms token \d+ has no end$/);
  });

  test('because a token is longer than any name', async () => {
    const { memory, places, info } = guestWithSymbols(SYMBOLS);
    memory.set(places.table + 5000, new Uint8Array(514).fill(0x62));
    new DataView(memory.bytes.buffer).setUint16(places.index + 0x61 * 2, 5000, true);
    expect(await failureOf({ memory, places, info })).toBe('the kallsyms token 97 has no end');
  });

  test('because a name of short bytes is long in tokens', async () => {
    const guest = guestWithSymbols([{ name: 'a'.repeat(300), type: 'T', address: STEXT }, ...SYMBOLS]);
    // Every letter "a" is now a token of 400 letters.
    const { memory, places } = guest;
    memory.set(places.table + 5000, new Uint8Array(400).fill(0x62));
    memory.bytes[places.table + 5400] = 0;
    new DataView(memory.bytes.buffer).setUint16(places.index + 0x61 * 2, 5000, true);
    expect(await failureOf(guest)).toBe('the kallsyms name 0 is no name');
  });
});

test('memory that lies gives a table or a sentence, and never takes much', async () => {
  const { places } = guestWithSymbols(SYMBOLS);
  const change = fc.record({ at: fc.nat(places.end - 1), byte: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 12 }),
      fc.constantFrom(...WAYS),
      async (changes, way) => {
        const guest = guestWithSymbols(SYMBOLS, way);
        for (const { at, byte } of changes) guest.memory.bytes[at] = byte;
        const table = await read(guest);
        expect(Math.max(...guest.memory.asked)).toBeLessThanOrEqual(256 * 1024 * 1024);
        const texts = 'failure' in table ? table.failure : table.map(({ name }) => name);
        expect([texts].flat().filter((text) => text.length > 512)).toEqual([]);
      },
    ),
    { numRuns: 400 },
  );
});

describe('/proc/kallsyms', () => {
  test('is read line by line, with the modules', () => {
    expect(
      parseKallsyms(
        'ffffffff81000000 T _stext\nffffffffc0123450 t start_xmit\t[virtio_net]\n' +
          'ffffffffc0200000 t bpf_prog_1\t[bpf]\nffffffff81000010 t a.constprop.0\n',
      ),
    ).toEqual([
      { name: '_stext', type: 'T', address: 0xffffffff81000000n },
      { name: 'start_xmit', type: 't', address: 0xffffffffc0123450n, module: 'virtio_net' },
      { name: 'bpf_prog_1', type: 't', address: 0xffffffffc0200000n, module: 'bpf' },
      { name: 'a.constprop.0', type: 't', address: 0xffffffff81000010n },
    ]);
  });

  test('may come from a serial port, with carriage returns', () => {
    const symbols = parseKallsyms('ffffffff81000000 T a\r\nffffffffc0000000 t b\t[c]\r\n');
    expect(symbols.map(({ name, module }) => [name, module])).toEqual([
      ['a', undefined],
      ['b', 'c'],
    ]);
  });

  test('has no symbols in lines of another shape', () => {
    expect(parseKallsyms('')).toEqual([]);
    expect(parseKallsyms('81000000 T short\nffffffff81000000 TT two\nffffffff81000000 T\nwords\n')).toEqual(
      [],
    );
  });
});
