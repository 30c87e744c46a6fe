/** A message as printk() stores it. All text is byte strings. */
export interface Message {
  text: string;
  state?: 'reserved' | 'committed' | 'finalised';
  /** The text area had no room for it. */
  noRoom?: boolean;
  facility?: number;
  level?: number;
  flags?: number;
  /** As printk_caller_id() has it: the highest bit is set for a CPU. */
  caller?: number;
  timestampNs?: bigint;
  subsystem?: string;
  device?: string;
}

/** `sizeof` and offsets as Linux 6.1 … 6.12 have them on x86-64. */
export const DESC = { size: 24, state: 0, begin: 8, next: 16 };
export const INFO = { size: 88, seq: 0, ts: 8, textLength: 16, caller: 20, subsystem: 24, device: 40 };
const STATES = { reserved: 0n, committed: 1n, finalised: 2n, reusable: 3n };
const BLOCK_ID = 8;

const id62 = (value: bigint) => BigInt.asUintN(62, value);
const position = (value: bigint) => BigInt.asUintN(64, value);

/**
 * Writes a printk ring buffer as the kernel does, from its first record on: the positions overflow at the end
 * of the first lap of the text, and the ids at the end of the first lap of the descriptors
 * (Linux kernel/printk/printk_ringbuffer.h, "Descriptor Bootstrap").
 */
export class RingWriter {
  readonly count: number;
  readonly size: number;
  readonly descs: Uint8Array;
  readonly infos: Uint8Array;
  readonly text: Uint8Array;
  headId: bigint;
  tailId: bigint;
  /** The next block of text begins here. */
  head: bigint;
  tail: bigint;
  readonly #wrapsExactEnd: boolean;
  readonly #descs: DataView;
  readonly #infos: DataView;
  readonly #text: DataView;

  /** `rule`: whether a block that ends with the area stays there (`new`, since 2025) or begins anew at 0. */
  constructor({
    countBits,
    sizeBits,
    rule = 'old',
  }: {
    countBits: number;
    sizeBits: number;
    rule?: 'old' | 'new';
  }) {
    this.count = 2 ** countBits;
    this.size = 2 ** sizeBits;
    this.#wrapsExactEnd = rule === 'old';
    this.descs = new Uint8Array(this.count * DESC.size);
    this.infos = new Uint8Array(this.count * INFO.size);
    this.text = new Uint8Array(this.size);
    this.#descs = new DataView(this.descs.buffer);
    this.#infos = new DataView(this.infos.buffer);
    this.#text = new DataView(this.text.buffer);
    this.head = position(-BigInt(this.size));
    this.tail = this.head;
    this.headId = id62(-BigInt(this.count) - 1n);
    this.tailId = this.headId;
    this.#setState(this.headId, 'reusable');
    this.#setBlock(this.headId, 1n, 1n);
    this.#infos.setBigUint64(INFO.seq, position(-BigInt(this.count)), true);
  }

  write(message: Message): void {
    const id = this.take();
    this.#setState(id, 'reserved');
    const base = this.#index(id) * INFO.size;
    const before = this.#infos.getBigUint64(base + INFO.seq, true);
    const never = before === 0n && this.#index(id) !== 0;
    this.infos.fill(0, base, base + INFO.size);
    this.#infos.setBigUint64(
      base + INFO.seq,
      never ? BigInt(this.#index(id)) : position(before + BigInt(this.count)),
      true,
    );
    if (message.noRoom) this.#setBlock(id, 1n, 1n);
    else this.#storeText(id, message.text);
    this.#storeInfo(base, message);
    this.#setState(id, message.state ?? 'finalised');
  }

  /** Takes the next descriptor, and touches it no further: as a writer that dies right there. */
  take(): bigint {
    const id = id62(this.headId + 1n);
    if (id62(id - BigInt(this.count)) === this.tailId) this.#pushTail();
    this.headId = id;
    return id;
  }

  /** Sequence numbers whose descriptors are still there, by whether their text is. */
  sequences(): { kept: number[]; reusable: number[] } {
    const kept: number[] = [];
    const reusable: number[] = [];
    for (let id = this.tailId; ; id = id62(id + 1n)) {
      const sequence = Number(BigInt.asIntN(62, id + BigInt(this.count)));
      if (sequence >= 0) (this.#state(id) === STATES.reusable ? reusable : kept).push(sequence);
      if (id === this.headId) return { kept, reusable };
    }
  }

  /** Where the descriptor, the info, and the text block of a record begin. */
  places(sequence: number): { desc: number; info: number; block: number } {
    const index = sequence % this.count;
    const begin = this.#descs.getBigUint64(index * DESC.size + DESC.begin, true);
    const next = this.#descs.getBigUint64(index * DESC.size + DESC.next, true);
    const wrapped = position(next - 1n) / BigInt(this.size) !== begin / BigInt(this.size);
    return {
      desc: index * DESC.size,
      info: index * INFO.size,
      block: wrapped ? 0 : Number(begin % BigInt(this.size)),
    };
  }

  #index(id: bigint): number {
    return Number(id & BigInt(this.count - 1));
  }

  #state(id: bigint): bigint {
    return this.#descs.getBigUint64(this.#index(id) * DESC.size, true) >> 62n;
  }

  #reuse(id: bigint): void {
    const state = this.#state(id);
    if (state !== STATES.finalised && state !== STATES.reusable)
      throw new Error('a record that is not final blocks every writer');
    this.#setState(id, 'reusable');
  }

  #setState(id: bigint, state: keyof typeof STATES): void {
    this.#descs.setBigUint64(this.#index(id) * DESC.size, (STATES[state] << 62n) | id, true);
  }

  #setBlock(id: bigint, begin: bigint, next: bigint): void {
    this.#descs.setBigUint64(this.#index(id) * DESC.size + DESC.begin, begin, true);
    this.#descs.setBigUint64(this.#index(id) * DESC.size + DESC.next, next, true);
  }

  /** desc_push_tail(): the oldest record goes, with its text. */
  #pushTail(): void {
    const at = this.#index(this.tailId) * DESC.size;
    this.#reuse(this.tailId);
    const next = this.#descs.getBigUint64(at + DESC.next, true);
    if ((next & 1n) === 0n) this.#pushText(next);
    this.tailId = id62(this.tailId + 1n);
  }

  /** data_push_tail(): all records go whose text begins before `until`. */
  #pushText(until: bigint): void {
    while (position(until - this.tail) - 1n < BigInt(this.size) && until !== this.tail) {
      const id = this.#text.getBigUint64(Number(this.tail % BigInt(this.size)), true);
      this.#reuse(id);
      this.tail = this.#descs.getBigUint64(this.#index(id) * DESC.size + DESC.next, true);
    }
  }

  /** data_alloc() */
  #storeText(id: bigint, text: string): void {
    if (text === '') return this.#setBlock(id, 3n, 3n);
    const size = BigInt(this.size);
    const length = BigInt(Math.ceil((BLOCK_ID + text.length) / BLOCK_ID) * BLOCK_ID);
    const begin = this.head;
    const end = position(begin + length);
    const last = this.#wrapsExactEnd ? end : position(end - 1n);
    const wraps = begin / size !== last / size;
    const next = wraps ? position((end / size) * size + length) : end;
    this.#pushText(position(next - size));
    this.head = next;
    this.#setBlock(id, begin, next);
    const from = Number(begin % size);
    this.#text.setBigUint64(from, id, true);
    if (wraps) this.#text.setBigUint64(0, id, true);
    this.text.set(bytes(text), (wraps ? 0 : from) + BLOCK_ID);
  }

  #storeInfo(base: number, message: Message): void {
    this.#infos.setBigUint64(base + INFO.ts, message.timestampNs ?? 0n, true);
    this.#infos.setUint16(base + INFO.textLength, message.noRoom ? 0 : message.text.length, true);
    this.#infos.setUint8(base + INFO.textLength + 2, message.facility ?? 0);
    this.#infos.setUint8(base + INFO.textLength + 3, ((message.level ?? 6) << 5) | (message.flags ?? 2));
    this.#infos.setUint32(base + INFO.caller, message.caller ?? 1, true);
    this.infos.set(bytes(message.subsystem ?? ''), base + INFO.subsystem);
    this.infos.set(bytes(message.device ?? ''), base + INFO.device);
  }
}

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
