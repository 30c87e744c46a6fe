import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodePacket, PacketReader } from '../../harness/machine/gdb-packets.ts';

test('a packet carries the sum of its characters', () => {
  expect(encodePacket('OK')).toBe('$OK#9a');
  expect(encodePacket('')).toBe('$#00');
});

test('packets come out as they went in, however the stream is cut', () => {
  const text = fc.stringMatching(/^[0-9a-zA-Z;:,.+-]{0,40}$/);
  fc.assert(
    fc.property(fc.array(text), fc.array(fc.nat(20)), (packets, cuts) => {
      let stream = packets.map((packet) => `+${encodePacket(packet)}`).join('');
      const reader = new PacketReader();
      const read: string[] = [];
      for (const cut of [...cuts, stream.length]) {
        read.push(...reader.push(stream.slice(0, cut)).packets);
        stream = stream.slice(cut);
      }
      read.push(...reader.push(stream).packets);
      expect(read).toEqual(packets);
    }),
  );
});

test.each([
  // The manual's own example: "0* " is "0000".
  ['0* ', '0000'],
  ['a0*"1', 'a0000001'],
  ['x*~', 'x'.repeat(98)],
  ['0*!1*!', '0000011111'],
  ['T05thread:01;', 'T05thread:01;'],
])('the run length in "%s" is written out', (packed, plain) => {
  expect(new PacketReader().push(encodePacket(packed)).packets).toEqual([plain]);
});

test('a wrong sum ends it: what follows could be anything', () => {
  const reader = new PacketReader();
  expect(reader.push('$OK#9b').failure).toContain('9b');
  expect(reader.push('$OK#9a')).toEqual({ packets: [], failure: 'a packet with the sum 9b instead of 9a' });
});

test('bytes without an end are not kept for ever', () => {
  const reader = new PacketReader();
  expect(reader.push('noise'.repeat(100_000))).toEqual({ packets: [], failure: null });
  expect(reader.push(`$${'0'.repeat(70_000)}`).failure).not.toBeNull();
});
