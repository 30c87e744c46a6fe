/** An Ethernet address from `52:54:00:12:34:56`, or null. */
export function parseMac(text: string): Uint8Array | null {
  if (!/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(text)) return null;
  return Uint8Array.from(text.split(':'), (octet) => Number.parseInt(octet, 16));
}

/** `52:54:00:12:34:56`. */
export function renderMac(mac: Uint8Array): string {
  return Array.from(mac, (octet) => octet.toString(16).padStart(2, '0')).join(':');
}

/** 4 bytes from dotted decimal or 16 from any form of RFC 4291, section 2.2, without a zone; else null. */
export function parseAddress(text: string): Uint8Array | null {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** The standard text form of 4 or 16 bytes: dotted decimal, or RFC 5952. */
export function renderAddress(address: Uint8Array): string {
  return address.length === 4 ? address.join('.') : renderIpv6(address);
}

/** For an address that the program itself has chosen: throws a `RangeError` where `parseMac` says null. */
export function macBytes(text: string): Uint8Array {
  return known(parseMac(text), `${text} is not an Ethernet address`);
}

/** For an address that the program itself has chosen: throws a `RangeError` where `parseAddress` says null. */
export function addressBytes(text: string): Uint8Array {
  return known(parseAddress(text), `${text} is not an IPv4 or IPv6 address`);
}

/** The same, for one family only. */
export function ipv4Bytes(text: string): Uint8Array {
  return known(parseIpv4(text), `${text} is not an IPv4 address`);
}

export function ipv6Bytes(text: string): Uint8Array {
  return known(parseIpv6(text), `${text} is not an IPv6 address`);
}

export function sameAddress(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, index) => octet === other[index]);
}

/** An address that one station can have: not unspecified, loopback, multicast or broadcast. */
export function isUnicast(address: Uint8Array): boolean {
  const first = address[0] ?? 0;
  if (address.length === 4) return first > 0 && first < 224 && first !== 127;
  const lowest = address.at(-1) ?? 0;
  return first !== 0xff && (lowest > 1 || address.subarray(0, -1).some((octet) => octet !== 0));
}

function known(address: Uint8Array | null, otherwise: string): Uint8Array {
  if (address === null) throw new RangeError(otherwise);
  return address;
}

function parseIpv4(text: string): Uint8Array | null {
  const octets = text.split('.');
  if (octets.length !== 4) return null;
  if (!octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255)) return null;
  return Uint8Array.from(octets, Number);
}

function parseIpv6(text: string): Uint8Array | null {
  const [left = '', right, ...more] = text.split('::');
  if (more.length > 0) return null;
  const head = parseGroups(left, right === undefined);
  const tail = parseGroups(right ?? '', true);
  if (head === null || tail === null) return null;
  const zeros = 16 - head.length - tail.length;
  if (right === undefined ? zeros !== 0 : zeros < 2) return null;
  return Uint8Array.from([...head, ...Array.from({ length: zeros }, () => 0), ...tail]);
}

/** Only the end of an address may be written as dotted decimal. */
function parseGroups(text: string, endsAddress: boolean): number[] | null {
  if (text === '') return [];
  const groups = text.split(':');
  const octets: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      octets.push(value >> 8, value & 0xff);
      continue;
    }
    const dotted = endsAddress && index === groups.length - 1 ? parseIpv4(group) : null;
    if (dotted === null) return null;
    octets.push(...dotted);
  }
  return octets;
}

function renderIpv6(address: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((address[2 * index] ?? 0) << 8) | (address[2 * index + 1] ?? 0)).toString(16),
  );
  if (/^(?:0,){5}ffff,/.test(groups.join())) return `::ffff:${address.subarray(12).join('.')}`;
  const { start, length } = longestZeroRun(groups);
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

/** The first of the longest, as RFC 5952, section 4.2.3 wants it. */
function longestZeroRun(groups: readonly string[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === '0' ? length + 1 : 0;
    if (length > longest.length) longest = { start: index - length + 1, length };
  }
  return longest;
}
