import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withChecksum } from '../../harness/wire/checksum.ts';
import { join } from '../../harness/wire/network-order.ts';
import { decodeUdp, encodeUdp, type UdpEnd } from '../../harness/wire/udp.ts';
import { arpRequest, bytesOf, GUEST, HOST, ping } from './requests.ts';

const ETHERNET_BYTES = 14;
const payload = bytesOf('6,416,1758426,-;sysrq: Trigger a crash\n');
const guest4 = { mac: GUEST.mac, address: GUEST.ipv4, port: 6665 };
const host4 = { mac: HOST.mac, address: HOST.ipv4, port: 6666 };
const guest6 = { ...guest4, address: GUEST.ipv6 };
const host6 = { ...host4, address: HOST.ipv6 };
const datagram4 = encodeUdp({ source: guest4, destination: host4, payload });
const datagram6 = encodeUdp({ source: guest6, destination: host6, payload });
const FAMILIES: [string, Uint8Array, UdpEnd, UdpEnd][] = [
  ['IPv4', datagram4, guest4, host4],
  ['IPv6', datagram6, guest6, host6],
];

describe.each(FAMILIES)('a datagram over %s', (_, frame, source, destination) => {
  const whole = { kind: 'udp', source, destination, payload, checksum: 'good' };

  test('is read with both its ends', () => {
    expect(decodeUdp(frame)).toEqual(whole);
  });

  test('is read from under one VLAN tag and from under two', () => {
    const tag = Uint8Array.of(0x81, 0, 0x20, 5);
    const outerTag = Uint8Array.of(0x88, 0xa8, 0, 7);
    expect(decodeUdp(tagged(frame, tag))).toEqual(whole);
    expect(decodeUdp(tagged(frame, join(outerTag, tag)))).toEqual(whole);
    expect(decodeUdp(tagged(frame, join(outerTag, tag, tag)))).toEqual({
      kind: 'other',
      what: 'EtherType 0x8100',
    });
  });

  test('has no part in the padding behind it', () => {
    expect(decodeUdp(join(frame, Uint8Array.of(1, 2, 3)))).toEqual(whole);
  });

  test('is malformed wherever it is cut', () => {
    for (let length = 0; length < frame.length; length += 1) {
      expect(decodeUdp(frame.subarray(0, length)).kind, `${length} bytes`).toBe('malformed');
    }
  });

  test('is never good after any byte under a checksum changed', () => {
    const position = fc.integer({ min: ETHERNET_BYTES, max: frame.length - 1 });
    fc.assert(
      fc.property(position, fc.integer({ min: 1, max: 255 }), (index, flip) => {
        fc.pre(source.address !== GUEST.ipv6 || !uncheckedInIpv6(index));
        expect(changed(frame, index, flip)).not.toMatchObject({ checksum: 'good' });
      }),
      { numRuns: 2000 },
    );
  });
});

describe('any datagram', () => {
  const port = fc.integer({ min: 0, max: 65_535 });
  const ends = fc.tuple(port, port, fc.uint8Array({ maxLength: 1500 }));

  test('comes back as it was sent', () => {
    const families = fc.constantFrom([guest4, host4] as const, [guest6, host6] as const);
    fc.assert(
      fc.property(families, ends, ([from, to], [sourcePort, destinationPort, text]) => {
        const source = { ...from, port: sourcePort };
        const destination = { ...to, port: destinationPort };
        const read = decodeUdp(encodeUdp({ source, destination, payload: text }));
        expect(read).toEqual({ kind: 'udp', source, destination, payload: text, checksum: 'good' });
      }),
    );
  });

  test('whose checksum comes out as zero carries all ones instead', () => {
    const between = { source: guest6, destination: host6 };
    // What is added to the zeros brings the sum to all ones, whose complement is zero.
    const frame = encodeUdp({
      ...between,
      payload: checksumOf(encodeUdp({ ...between, payload: Uint8Array.of(0, 0) })),
    });
    expect(checksumOf(frame)).toEqual(Uint8Array.of(0xff, 0xff));
    expect(isGood(frame)).toBe(true);
  });

  test('cannot cross families, nor be larger than a packet, nor use a port that there is not', () => {
    expect(() => encodeUdp({ source: guest4, destination: host6, payload })).toThrow(RangeError);
    expect(() => encodeUdp({ source: { ...guest4, port: 65_536 }, destination: host4, payload })).toThrow(
      RangeError,
    );
    const largest = 65_535 - 20 - 8;
    expect(isGood(sized(largest))).toBe(true);
    expect(() => sized(largest + 1)).toThrow(RangeError);
  });
});

describe('what a guest can put into a frame', () => {
  test('IPv4 options are stepped over', () => {
    const header = join(datagram4.subarray(14, 34), Uint8Array.of(1, 1, 1, 0));
    header.set([0x46, 0, 0, datagram4.length - ETHERNET_BYTES + 4]);
    header.fill(0, 10, 12);
    const frame = join(datagram4.subarray(0, 14), withChecksum(header, 10), datagram4.subarray(34));
    expect(decodeUdp(frame)).toMatchObject({ kind: 'udp', checksum: 'good', payload });
  });

  test('an IPv4 datagram without a checksum has none, an IPv6 one has a bad one', () => {
    expect(decodeUdp(zeroed(datagram4, 40))).toMatchObject({ kind: 'udp', checksum: 'absent' });
    expect(decodeUdp(zeroed(datagram6, 60))).toMatchObject({ kind: 'udp', checksum: 'bad' });
  });

  test.each([
    ['the first', 0x20, 0],
    ['a later', 0x20, 9],
    ['the last', 0, 9],
  ])('%s IPv4 fragment is not a datagram', (_, flags, offset) => {
    const header = Uint8Array.from(datagram4.subarray(14, 34));
    header.set([flags, offset, header[8] ?? 0, header[9] ?? 0, 0, 0], 6);
    const frame = join(datagram4.subarray(0, 14), withChecksum(header, 10), datagram4.subarray(34));
    expect(decodeUdp(frame)).toEqual({ kind: 'other', what: 'IPv4 fragment' });
  });

  test('IPv6 hop-by-hop and destination options are stepped over', () => {
    const destinationOptions = Uint8Array.of(17, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    const hopByHop = Uint8Array.of(60, 0, 1, 4, 0, 0, 0, 0);
    const frame = withExtensions(0, join(hopByHop, destinationOptions));
    expect(decodeUdp(frame)).toMatchObject({ kind: 'udp', checksum: 'good', payload });
  });

  test.each([
    ['a fragment', 44, 'IPv6 fragment'],
    ['a routing header', 43, 'IPv6 with a routing header'],
    ['no next header', 59, 'IPv6 without a payload'],
    ['an unknown protocol', 200, 'IP protocol 200'],
  ])('an IPv6 packet with %s is something else', (_, next, what) => {
    expect(decodeUdp(withExtensions(next, Uint8Array.of(17, 0, 0, 0, 0, 0, 0, 0)))).toEqual({
      kind: 'other',
      what,
    });
  });

  test.each([
    [
      'IPv6 hop-by-hop options are not the first extension header',
      60,
      [0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0],
    ],
    ['an IPv6 extension header is longer than its packet', 0, [17, 255, 0, 0, 0, 0, 0, 0]],
  ])('%s: malformed', (reason, next, headers) => {
    expect(decodeUdp(withExtensions(next, Uint8Array.from(headers)))).toEqual({ kind: 'malformed', reason });
  });

  test('other protocols are named', () => {
    expect(decodeUdp(arpRequest())).toEqual({ kind: 'other', what: 'ARP' });
    expect(decodeUdp(ping())).toEqual({ kind: 'other', what: 'ICMP' });
    expect(decodeUdp(new Uint8Array(60))).toEqual({ kind: 'other', what: '802.3 frame' });
  });

  test('anything at all, or a datagram with anything at all in it, is a value', () => {
    const spoiled = fc
      .tuple(
        fc.constantFrom(datagram4, datagram6),
        fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 6 }),
      )
      .map(([frame, spoils]) => {
        const copy = Uint8Array.from(frame);
        for (const [index, octet] of spoils) copy[index] = octet;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(spoiled, fc.uint8Array({ maxLength: 200 })), (frame) => {
        expect(['udp', 'other', 'malformed']).toContain(decodeUdp(frame).kind);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Version's neighbours traffic class and flow label, and the hop limit, are under no checksum. */
function uncheckedInIpv6(index: number): boolean {
  const offset = index - ETHERNET_BYTES;
  return offset < 4 || offset === 7;
}

function changed(frame: Uint8Array, index: number, flip: number): ReturnType<typeof decodeUdp> {
  const copy = Uint8Array.from(frame);
  copy[index] = (copy[index] ?? 0) ^ flip;
  return decodeUdp(copy);
}

/** Of a datagram over IPv6. */
function checksumOf(frame: Uint8Array): Uint8Array {
  return frame.subarray(60, 62);
}

function isGood(frame: Uint8Array): boolean {
  const read = decodeUdp(frame);
  return read.kind === 'udp' && read.checksum === 'good';
}

function tagged(frame: Uint8Array, tags: Uint8Array): Uint8Array {
  return join(frame.subarray(0, 12), tags, frame.subarray(12));
}

function zeroed(frame: Uint8Array, offset: number): Uint8Array {
  const copy = Uint8Array.from(frame);
  copy.fill(0, offset, offset + 2);
  return copy;
}

function sized(length: number): Uint8Array {
  return encodeUdp({ source: guest4, destination: host4, payload: new Uint8Array(length) });
}

/** `datagram6` with extension headers between its header and its segment. */
function withExtensions(first: number, headers: Uint8Array): Uint8Array {
  const frame = join(datagram6.subarray(0, 54), headers, datagram6.subarray(54));
  new DataView(frame.buffer).setUint16(ETHERNET_BYTES + 4, frame.length - ETHERNET_BYTES - 40);
  frame[ETHERNET_BYTES + 6] = first;
  return frame;
}
