import type { Batch } from './thread-messages.ts';

const MOST = { datagrams: 1024, bytes: 256 * 1024 };

/** Puts datagrams together, so that many are handed over at once. */
export class BatchBuilder {
  readonly #bytes = new Uint8Array(MOST.bytes);
  readonly #lengths = new Uint32Array(MOST.datagrams);
  readonly #senders = new Uint16Array(MOST.datagrams);
  readonly #times = new Float64Array(MOST.datagrams);
  #count = 0;
  #used = 0;

  get empty(): boolean {
    return this.#count === 0;
  }

  hasRoomFor(length: number): boolean {
    return this.#used + length <= MOST.bytes && this.#count < MOST.datagrams;
  }

  add(payload: Uint8Array, sender: number, atMs: number): void {
    this.#bytes.set(payload, this.#used);
    this.#lengths[this.#count] = payload.length;
    this.#senders[this.#count] = sender;
    this.#times[this.#count] = atMs;
    this.#count += 1;
    this.#used += payload.length;
  }

  /** Copies, just as long as what is in them: a batch may wait, and with a slow sender it has one datagram. */
  take(): Batch {
    const { bytes, lengths, senders, times } = this.view();
    this.clear();
    return { bytes: bytes.slice(), lengths: lengths.slice(), senders: senders.slice(), times: times.slice() };
  }

  /** What is in it, no copy: it is there until the next is added. */
  view(): Batch {
    return {
      bytes: this.#bytes.subarray(0, this.#used),
      lengths: this.#lengths.subarray(0, this.#count),
      senders: this.#senders.subarray(0, this.#count),
      times: this.#times.subarray(0, this.#count),
    };
  }

  clear(): void {
    this.#count = 0;
    this.#used = 0;
  }
}
