/** What netconsole can send to, and how it writes it (`in4_pton()`, `in6_pton()`, `mac_pton()` of Linux). */
export type AddressFamily = 'IPv4' | 'IPv6';

const BYTE = /^(0|[1-9]\d{0,2})$/;
const GROUP = /^[0-9a-f]{1,4}$/i;
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

/** The family of a literal address; undefined when it is none. A scope (`%eth0`) is none either. */
export function addressFamily(text: string): AddressFamily | undefined {
  if (isIPv4(text)) return 'IPv4';
  return isIPv6(text) ? 'IPv6' : undefined;
}

/** The IPv4 address that a number of 32 bits is, as the tools of 2001 wrote it: 0x0a000701 is 10.0.7.1. */
export function ipv4Of(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

/** Six bytes in hex, divided by colons. */
export function isMac(text: string): boolean {
  return MAC.test(text);
}

function isIPv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => BYTE.test(part) && Number(part) <= 255);
}

function isIPv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const counts = halves.map((half, at) => countGroups(half, at === halves.length - 1));
  const groups = counts.reduce((sum, count) => sum + count, 0);
  return halves.length === 1 ? groups === 8 : groups <= 7;
}

/** 16-bit groups of one side of `::`; NaN when one is wrong. Only the very end may be written as IPv4. */
function countGroups(half: string, atEnd: boolean): number {
  if (half === '') return 0;
  const groups = half.split(':');
  const last = groups.at(-1) ?? '';
  const embedded = atEnd && isIPv4(last);
  const wrong = (embedded ? groups.slice(0, -1) : groups).some((group) => !GROUP.test(group));
  return wrong ? Number.NaN : groups.length + (embedded ? 1 : 0);
}
