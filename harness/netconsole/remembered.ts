import type { Assembly } from './assembly.ts';

/** The records delivered last, to tell a duplicate or a conflict when their number comes again. */
export class Remembered {
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  /** Oldest first: records are delivered in ascending order. */
  #records = new Map<number, Assembly>();
  #bytes = 0;

  constructor(maxRecords: number, maxBytes: number) {
    this.#maxRecords = maxRecords;
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(sequence: number): Assembly | undefined {
    return this.#records.get(sequence);
  }

  keep(assembly: Assembly): void {
    this.#records.set(assembly.sequence, assembly);
    this.#bytes += assembly.cost;
    for (const [sequence, oldest] of this.#records) {
      if (this.#records.size <= this.#maxRecords && this.#bytes <= this.#maxBytes) return;
      this.#records.delete(sequence);
      this.#bytes -= oldest.cost;
    }
  }

  clear(): void {
    this.#records.clear();
    this.#bytes = 0;
  }
}
