import type { ArrivedRecord, ScenarioGuest, Seen } from '../harness/lab/scenario.ts';

/** Where configfs has the target of the run. */
export const TARGET = '/sys/kernel/config/netconsole/crashlab';

/** Records that a format may stumble over: their text, a byte string, and as the guest's printf takes it. */
export const SPECIAL = {
  plain: record('crashlab: a plain record'),
  controls: record(String.raw`crashlab: tab \t bell \007 escape \033 delete \177 end`),
  lines: record(String.raw`crashlab: first line\nsecond line`),
  backslashes: record(String.raw`crashlab: \\ \\x41 \\\\`),
  utf8: record(String.raw`crashlab: Gr\303\274\303\237e \342\202\254 \360\237\222\245`),
  separators: record('crashlab: 6,1,2,-;ncfrag=0/9; key=value, +r'),
  // As long as a record can be (about 970 bytes on all kernels): with its header it needs two datagrams.
  long: record(`crashlab: long ${'0123456789'.repeat(94)} end`),
  // Each backslash is four bytes when it is sent: 1740 in all, the kernel's buffer has 2048.
  escaped: record(String.raw`crashlab: escaped ${'\\\\'.repeat(250)}${'abcdefg'.repeat(100)} end`),
};

export interface SpecialRecord {
  text: string;
  format: string;
}

/** A record, as the guest's printf takes it. */
export function record(format: string): SpecialRecord {
  return { format, text: decoded(format) };
}

/** What printf makes of it. */
function decoded(format: string): string {
  const named: Record<string, string> = { t: '\t', n: '\n', '\\': '\\' };
  return format.replaceAll(/\\([0-7]{3}|[tn\\])/g, (_, code: string) =>
    code.length === 3 ? String.fromCodePoint(Number.parseInt(code, 8)) : (named[code] ?? code),
  );
}

/** Writes records to the guest's log, one after the other. */
export async function say(guest: ScenarioGuest, records: readonly SpecialRecord[]): Promise<void> {
  for (const { format } of records) await guest.run(`printf '<6>${format}\\n' > /dev/kmsg`);
}

/** What arrived of a record, in the extended format. */
export function arrivedOf({ text }: SpecialRecord, { arrived }: Pick<Seen, 'arrived'>): ArrivedRecord | null {
  for (const copies of arrived.records.values()) {
    const found = copies.find((copy) => copy.text === text);
    if (found) return found;
  }
  return null;
}

/** Whether something of a key came with a record, and what: `null` for no such key, or no such record. */
export function valueOf(key: string, arrived: ArrivedRecord | null): string | null {
  return arrived?.dictionary.find(([name]) => name === key)?.[1] ?? null;
}

/** Skips the run where the target has no such attribute. */
export async function needAttribute(guest: ScenarioGuest, attribute: string): Promise<void> {
  const { status } = await guest.attempt(`[ -e ${TARGET}/${attribute} ]`);
  if (status !== 0) guest.lacks(`This kernel’s netconsole has no ${attribute}.`);
}

/** Skips the run where eth0 has no IPv6 address. */
export async function needIpv6(guest: ScenarioGuest): Promise<void> {
  const { status } = await guest.attempt('ip -6 addr show dev eth0 | grep -q fec0::15');
  if (status !== 0) guest.lacks('This kernel has no IPv6.');
}
