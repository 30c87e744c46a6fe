import { Assembly, type Offered } from './assembly.ts';
import type { ExtendedDatagram } from './datagram.ts';

/** Records waiting for their turn or for their fragments, by sequence number. */
export class Pending {
  #records = new Map<number, Assembly>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#records.size;
  }

  get(sequence: number): Assembly | undefined {
    return this.#records.get(sequence);
  }

  take(datagram: ExtendedDatagram, atMs: number): Offered {
    const known = this.#records.get(datagram.sequence);
    if (!known) {
      const assembly = new Assembly(datagram, atMs);
      this.#records.set(datagram.sequence, assembly);
      this.#bytes += assembly.cost;
      return 'taken';
    }
    const before = known.cost;
    const offered = known.offer(datagram, atMs);
    this.#bytes += known.cost - before;
    return offered;
  }

  remove(assembly: Assembly): void {
    if (this.#records.delete(assembly.sequence)) this.#bytes -= assembly.cost;
  }

  /** The lowest sequence number; `Infinity` when nothing waits. */
  lowest(): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const sequence of this.#records.keys()) lowest = Math.min(lowest, sequence);
    return lowest;
  }

  /** When the first of those that wait began to arrive; `Infinity` when nothing waits. */
  since(): number {
    let since = Number.POSITIVE_INFINITY;
    for (const assembly of this.#records.values()) since = Math.min(since, assembly.firstMs);
    return since;
  }
}
