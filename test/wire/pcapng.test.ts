import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pcapngHeader, pcapngPacket, renderPcapng, type CapturedPacket } from '../../harness/wire/pcapng.ts';
import { join } from '../../harness/wire/network-order.ts';

// What the file says to others is tshark.test.ts's to judge; here are only the rules tshark is lenient about.

const packets = fc.array(
  fc.record({
    interface: fc.constantFrom(0, 1),
    timestampNs: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    direction: fc.constantFrom('inbound' as const, 'outbound' as const, 'unknown' as const),
    bytes: fc.uint8Array({ maxLength: 100 }),
    comments: fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { maxLength: 3 }),
  }),
  { maxLength: 10 },
);
const interfaces = [{ name: 'wire' }, { name: 'dump', description: "QEMU's own filter-dump" }];
const one: CapturedPacket = { interface: 0, timestampNs: 0n, direction: 'unknown', bytes: Uint8Array.of(1) };

describe('a pcapng file', () => {
  test('is a row of blocks, each with its length at both ends, aligned to 32 bits', () => {
    fc.assert(
      fc.property(packets, (captured) => {
        const file = renderPcapng({ application: 'crashlab', interfaces, packets: captured });
        expect(blockTypes(file)).toEqual([0x0a0d0d0a, 1, 1, ...captured.map(() => 6)]);
      }),
    );
  });

  test('is its header and then its packets, as they come', () => {
    fc.assert(
      fc.property(packets, (captured) => {
        const parts = captured.map((packet) => pcapngPacket(packet));
        expect(join(pcapngHeader({ application: 'crashlab', interfaces }), ...parts)).toEqual(
          renderPcapng({ application: 'crashlab', interfaces, packets: captured }),
        );
      }),
    );
  });

  test('cuts a comment between two characters to what an option can hold', () => {
    const comment = `x${'€'.repeat(30_000)}`;
    const empty = pcapngPacket({ ...one, comments: [''] });
    const bytes = pcapngPacket({ ...one, comments: [comment] });
    expect(blockTypes(bytes)).toEqual([6]);
    const held = 1 + 3 * Math.floor((65_535 - 1) / 3);
    expect(bytes.length - empty.length).toBe(Math.ceil(held / 4) * 4);
  });

  test('has no packet of an interface that is not there', () => {
    const packet = { ...one, interface: 2 };
    expect(() => renderPcapng({ application: 'crashlab', interfaces, packets: [packet] })).toThrow(
      RangeError,
    );
  });
});

function blockTypes(file: Uint8Array): number[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const types: number[] = [];
  let offset = 0;
  while (offset < file.length) {
    const length = view.getUint32(offset + 4, true);
    expect(length % 4).toBe(0);
    expect(view.getUint32(offset + length - 4, true)).toBe(length);
    types.push(view.getUint32(offset, true));
    offset += length;
  }
  return types;
}
