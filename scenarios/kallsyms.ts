import type { ScenarioGuest } from '../harness/lab/scenario.ts';

/** Where the kernel has these symbols, by their names; those that it has not are not there. */
export async function addressesOf(guest: ScenarioGuest, ...names: string[]): Promise<Map<string, bigint>> {
  const { output } = await guest.attempt(`grep -E ' (${names.join('|')})$' /proc/kallsyms`);
  const found = output.matchAll(/^([\da-f]{16}) \w (\S+)$/gm);
  return new Map([...found].map(([, address, name = '']) => [name, BigInt(`0x${address}`)]));
}
