import type { LostOnHost } from './listener.ts';

/** Datagrams that reached this host and were lost here, since the last time something was told of it. */
export interface HostLoss extends LostOnHost {
  /** What came before was not written yet: the disk, or this program, is too slow. By the sender's label. */
  thrownAway: Record<string, number>;
}

/** Tells losses apart that were told of already. */
export class HostLosses {
  #kernel = 0;
  #crowdedOut = 0;
  readonly #thrownAway = new Map<string, number>();

  /** What is new; null where nothing is. The counts are totals. */
  since(total: LostOnHost, thrownAway: readonly { label: string; count: number }[]): HostLoss | null {
    const kernel = Math.max(0, total.kernel - this.#kernel);
    const crowdedOut = Math.max(0, total.crowdedOut - this.#crowdedOut);
    this.#kernel = total.kernel;
    this.#crowdedOut = total.crowdedOut;
    const fresh: Record<string, number> = {};
    for (const { label, count } of thrownAway) {
      const more = count - (this.#thrownAway.get(label) ?? 0);
      this.#thrownAway.set(label, count);
      if (more > 0) fresh[label] = more;
    }
    if (kernel + crowdedOut === 0 && Object.keys(fresh).length === 0) return null;
    return { kernel, crowdedOut, thrownAway: fresh };
  }
}
