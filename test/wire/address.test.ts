import { isIPv4, isIPv6 } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressBytes,
  isUnicast,
  macBytes,
  parseAddress,
  parseMac,
  renderAddress,
  renderMac,
} from '../../harness/wire/address.ts';

const sixteenBytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
/** Mostly zeros, as addresses are. */
const sparse = fc
  .array(fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, fc.integer({ min: 0, max: 255 })), {
    minLength: 16,
    maxLength: 16,
  })
  .map((octets) => Uint8Array.from(octets));

describe('an address as text', () => {
  test.each([
    ['2001:db8::1', '2001:db8:0:0:0:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8::1:1:1:1:1'],
    ['2001:0:0:1::1', '2001:0:0:1:0:0:0:1'],
    ['2001:db8::1:0:0:1', '2001:db8:0:0:1:0:0:1'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['::1', '::0001'],
    ['fe80::', 'FE80:0::'],
    ['::ffff:192.0.2.1', '::FFFF:C000:201'],
    ['64:ff9b::c000:201', '64:ff9b::192.0.2.1'],
    ['10.0.2.15', '10.0.2.15'],
  ])('is %s, however it was given: %s', (standard, given) => {
    expect(renderAddress(addressBytes(given))).toBe(standard);
  });

  test('of IPv6 is what the URL standard makes of it', () => {
    fc.assert(
      fc.property(fc.oneof(sparse, sixteenBytes), (bytes) => {
        const groups = Array.from({ length: 8 }, (_, index) =>
          (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
        );
        fc.pre(!groups.join(':').startsWith('0:0:0:0:0:ffff:'));
        expect(`[${renderAddress(bytes)}]`).toBe(new URL(`http://[${groups.join(':')}]/`).hostname);
      }),
    );
  });

  test('comes back as the bytes it was', () => {
    const any = fc.oneof(sparse, sixteenBytes, fc.uint8Array({ minLength: 4, maxLength: 4 }));
    fc.assert(
      fc.property(any, (bytes) => {
        expect(parseAddress(renderAddress(bytes))).toEqual(bytes);
      }),
    );
  });

  test('is refused exactly where Node refuses it', () => {
    const piece = fc.constantFrom(
      '::',
      ':',
      '.',
      '0',
      '01',
      '255',
      '256',
      'ffff',
      '12345',
      '1.2.3.4',
      'g',
      ' ',
    );
    const text = fc.array(piece, { maxLength: 17 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, (given) => {
        expect(parseAddress(given) !== null).toBe(isIPv4(given) || isIPv6(given));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8::',
    '1.2.3.4::',
    '::1.2.3',
    ':1',
    '1:::2',
    'fe80::1%eth0',
    '',
  ])('is not %s', (given) => {
    expect(parseAddress(given)).toBeNull();
    expect(() => addressBytes(given)).toThrow(RangeError);
  });
});

test('an Ethernet address comes back as the bytes it was', () => {
  const six = fc.uint8Array({ minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(six, (bytes) => {
      expect(macBytes(renderMac(bytes))).toEqual(bytes);
    }),
  );
});

test.each(['52:54:00:12:34', '52:54:00:12:34:5g', '525400123456', '52:54:00:12:34:56:78'])(
  'an Ethernet address is not %s',
  (given) => {
    expect(parseMac(given)).toBeNull();
    expect(() => macBytes(given)).toThrow(RangeError);
  },
);

test.each([
  ['10.0.2.15', true],
  ['0.0.0.0', false],
  ['127.0.0.1', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['fd00::1', true],
  ['::', false],
  ['::1', false],
  ['ff02::1', false],
])('%s can be the address of one station: %s', (address, unicast) => {
  expect(isUnicast(addressBytes(address))).toBe(unicast);
});
