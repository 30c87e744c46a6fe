/** The 16 bits at `offset`, most significant byte first. Bytes past the end read as 0: check lengths before. */
export function uint16At(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}

/** `value` as two bytes, most significant first. Throws a `RangeError` for one that needs more. */
export function uint16(value: number): Uint8Array {
  if (value < 0 || value > 0xffff) throw new RangeError(`${value} does not fit in 16 bits`);
  return Uint8Array.of((value >>> 8) & 0xff, value & 0xff);
}

/** All parts, one after the other, in memory of their own. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return joinAll(parts);
}

/** `join`, for more parts than a call has room for arguments. */
export function joinAll(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
