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
    const batch = {
      bytes: this.#bytes.slice(0, this.#used),
      lengths: this.#lengths.slice(0, this.#count),
      senders: this.#senders.slice(0, this.#count),
      times: this.#times.slice(0, this.#count),
    };
    this.#count = 0;
    this.#used = 0;
    return batch;
  }
}
