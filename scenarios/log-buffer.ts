import type { ScenarioGuest } from '../harness/lab/scenario.ts';
import { addressesOf } from './kallsyms.ts';

interface LogBuffer {
  at: bigint;
  bytes: number;
}

/** The log's own buffer, as the kernel's variables say; null where they can't be found. */
export async function findLogBuffer(guest: ScenarioGuest): Promise<LogBuffer | null> {
  const addresses = await addressesOf(guest, 'log_buf', 'log_buf_len');
  const value = async (name: string, length: number): Promise<Buffer | null> => {
    const address = addresses.get(name);
    const bytes = address === undefined ? null : await guest.read(address, length);
    return bytes && Buffer.from(bytes);
  };
  const at = await value('log_buf', 8);
  const bytes = await value('log_buf_len', 4);
  return at && bytes && { at: at.readBigUInt64LE(), bytes: bytes.readUInt32LE() };
}

/** The same; skips the run where it can't be found. */
export async function logBufferOf(guest: ScenarioGuest): Promise<LogBuffer> {
  return (await findLogBuffer(guest)) ?? guest.lacks('This kernel’s log buffer can’t be found.');
}
