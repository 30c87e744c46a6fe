import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checksumHolds, internetChecksum, withChecksum } from '../../harness/wire/checksum.ts';

test('the example of RFC 1071 adds up to ddf2', () => {
  const example = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
  expect(internetChecksum(example)).toBe(~0xddf2 & 0xffff);
});

test('an odd last byte counts as the upper half of a word', () => {
  expect(internetChecksum(Uint8Array.of(0xab))).toBe(internetChecksum(Uint8Array.of(0xab, 0)));
});

test('carries survive the largest packet', () => {
  expect(internetChecksum(new Uint8Array(65_536).fill(0xff))).toBe(0);
});

test('bytes with their checksum hold, and with any byte changed they do not', () => {
  const message = fc.uint8Array({ minLength: 3, maxLength: 1500 });
  fc.assert(
    fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, position, flip) => {
      bytes.fill(0, 0, 2);
      const whole = withChecksum(bytes, 0);
      expect(checksumHolds(whole)).toBe(true);
      const index = position % whole.length;
      whole[index] = (whole[index] ?? 0) ^ flip;
      expect(checksumHolds(whole)).toBe(false);
    }),
  );
});
