/** Guest-physical memory, read a piece at a time; `null` where there is none. Little-endian, 64 bit. */
export interface PhysicalMemory {
  read(address: bigint, length: number): Promise<Uint8Array | null>;
}

/** Something in the guest's memory is not what it has to be: torn, overwritten, or a lie. */
export interface MemoryFailure {
  failure: string;
}

/** Reads that fail with a sentence instead of a null, and little-endian numbers. */
export class MemoryReader {
  private readonly memory: PhysicalMemory;

  constructor(memory: PhysicalMemory) {
    this.memory = memory;
  }

  /** Throws a {@link BadMemory}, which the public functions turn into a {@link MemoryFailure}. */
  async bytes(address: bigint, length: number, what: string): Promise<DataView> {
    if (length < 0 || length > MAXIMUM_READ) throw new BadMemory(`${what} claims ${length} bytes`);
    const bytes = await this.memory.read(address, length);
    if (!bytes || bytes.length !== length) {
      throw new BadMemory(`${what} lies outside the guest’s memory, at physical 0x${address.toString(16)}`);
    }
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  async word(address: bigint, what: string): Promise<bigint> {
    return (await this.bytes(address, 8, what)).getBigUint64(0, true);
  }
}

/** More than any ring buffer a kernel can be given (log_buf_len is at most 2 GiB, ours a few MiB). */
const MAXIMUM_READ = 256 * 1024 * 1024;

/** Internal to this room. */
export class BadMemory extends Error {}

/** Runs a reading; a lie in the memory becomes a value. */
export async function reading<T>(read: () => Promise<T>): Promise<T | MemoryFailure> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof BadMemory) return { failure: error.message };
    throw error;
  }
}
