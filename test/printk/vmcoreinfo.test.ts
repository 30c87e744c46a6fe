import { describe, expect, test } from 'vitest';
import { parseVmcoreInfo, readVmcoreInfo } from '../../harness/printk/vmcoreinfo.ts';
import { noteText, RAM, Ram, renderNote } from './guest-memory.ts';

const memoryWith = (note: Uint8Array) => {
  const memory = new Ram(note.length);
  memory.set(0, note);
  return memory;
};
const read = (note: Uint8Array, size = note.length) => readVmcoreInfo(memoryWith(note), RAM, size);

describe('a VMCOREINFO note', () => {
  test('is read whole, each kind of line for itself', async () => {
    const text =
      'OSRELEASE=6.12.0\nSYMBOL(prb)=ffffffffb1234568\nOFFSET(a.b)=8\nSIZE(a)=16\nLENGTH(a.c)=4\n' +
      'NUMBER(phys_base)=-33554432\nNUMBER(sme_mask)=0\nNUMBER(PHYS_OFFSET)=0x40000000\nKERNELOFFSET=1a000000\nCRASHTIME=1\nPAGESIZE=4096\n';
    expect(await read(renderNote(text))).toEqual({
      release: '6.12.0',
      symbols: new Map([['prb', 0xffffffffb1234568n]]),
      offsets: new Map([['a.b', 8]]),
      sizes: new Map([['a', 16]]),
      lengths: new Map([['a.c', 4]]),
      numbers: new Map([
        ['phys_base', -33554432n],
        ['sme_mask', 0n],
        ['PHYS_OFFSET', 0x40000000n],
      ]),
      pageSize: 4096n,
      kernelOffset: 0x1a000000n,
    });
  });

  test('keeps bytes that windows-1252 would change', async () => {
    const info = await read(renderNote('OSRELEASE=6.12\x80\x9f\xff\n'));
    expect(info).toMatchObject({ release: '6.12\x80\x9f\xff' });
  });

  test.each([
    ['is smaller than its own header', renderNote(noteText()), 11, 'the VMCOREINFO note claims 11 bytes'],
    ['has no size', renderNote(noteText()), Number.NaN, 'the VMCOREINFO note claims NaN bytes'],
    ['is too large', renderNote(noteText()), 65_537, 'the VMCOREINFO note claims 65537 bytes'],
    ['ends outside the memory', renderNote(noteText()), 60_000, 'lies outside the guest’s memory'],
    ['is another note', renderNote(noteText(), 'CORE\0'), undefined, 'there is no VMCOREINFO note where'],
    ['says nothing', renderNote(''), undefined, 'there is no VMCOREINFO text where'],
    [
      'has an address of 17 digits',
      renderNote(`${noteText()}SYMBOL(x)=1ffffffffffffffff\n`),
      undefined,
      'the address "1ffffffffffffffff"',
    ],
    [
      'has an address that is none',
      renderNote(`${noteText()}SYMBOL(x)=0x12\n`),
      undefined,
      'the address "0x12"',
    ],
    ['has a negative size', renderNote(`${noteText()}SIZE(x)=-1\n`), undefined, 'the number "-1"'],
    [
      'has an offset beyond reason',
      renderNote(`${noteText()}OFFSET(x)=1234567890\n`),
      undefined,
      'the number "1234567890"',
    ],
  ])('that %s is a failure that says so', async (_, note, size, sentence) => {
    const info = await read(note, size);
    expect('failure' in info && info.failure).toContain(sentence);
  });

  test.each([0xffffffff, 0xfffffff0, 0x80000000, 0x7ffffffe])(
    'with a name or a text of 0x%x bytes is a failure',
    async (length) => {
      for (const place of [0, 4]) {
        const note = renderNote(noteText());
        new DataView(note.buffer).setUint32(place, length, true);
        expect(await read(note)).toEqual({ failure: 'the VMCOREINFO note is longer than its place' });
      }
    },
  );

  test('leaves out a number that is none, or too long to be one', () => {
    const info = parseVmcoreInfo(
      `${noteText()}NUMBER(a)=0x1g\nNUMBER(b)=${'9'.repeat(30_000)}\nNUMBER(c)=7\n`,
    );
    expect([...info.numbers]).toEqual([['c', 7n]]);
  });
});
