import type { ScenarioGuest } from '../harness/lab/scenario.ts';

/** The log's own buffer, as the kernel's variables say. */
export async function logBufferOf(guest: ScenarioGuest): Promise<{ at: bigint; bytes: number }> {
  const symbols = await guest.run("grep -E ' log_buf(_len)?$' /proc/kallsyms");
  const value = async (name: string, length: number): Promise<Buffer> => {
    const [, address] = new RegExp(`^([\\da-f]+) \\w ${name}$`, 'm').exec(symbols) ?? [];
    const bytes = address === undefined ? null : await guest.read(BigInt(`0x${address}`), length);
    return bytes ? Buffer.from(bytes) : guest.lacks(`This kernel’s ${name} can’t be found.`);
  };
  const at = (await value('log_buf', 8)).readBigUInt64LE();
  return { at, bytes: (await value('log_buf_len', 4)).readUInt32LE() };
}
