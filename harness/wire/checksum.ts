import { uint16, uint16At } from './network-order.ts';

/** The Internet checksum of RFC 1071 over `bytes` and an earlier, even-sized part's `sum`, as stored in a header. */
export function internetChecksum(bytes: Uint8Array, sum = 0): number {
  return ~fold(sum + sumOf(bytes)) & 0xffff;
}

/** Bytes that hold their own checksum add up to all ones. */
export function checksumHolds(bytes: Uint8Array, sum = 0): boolean {
  return fold(sum + sumOf(bytes)) === 0xffff;
}

/** What TCP, UDP and ICMPv6 sum before their own bytes (RFC 768; RFC 8200, section 8.1): one form for 4- and 16-byte addresses. */
export function pseudoHeaderSum(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  length: number,
): number {
  return sumOf(source) + sumOf(destination) + protocol + length;
}

/** A copy of `bytes`, whose checksum field at `offset` is zero, with that field filled in. */
export function withChecksum(bytes: Uint8Array, offset: number, sum = 0): Uint8Array {
  const filled = new Uint8Array(bytes);
  filled.set(uint16(internetChecksum(bytes, sum)), offset);
  return filled;
}

function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let offset = 0; offset < bytes.length; offset += 2) sum += uint16At(bytes, offset);
  return sum;
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000);
  return folded;
}
