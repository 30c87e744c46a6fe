import type { NetconsoleEvent } from '../netconsole/event.ts';

/** What can happen to records on their way. */
export const LOSSES = ['missing', 'torn', 'late', 'differing', 'refused', 'doubled'] as const;
type LossKind = (typeof LOSSES)[number];

/** Of records that follow each other; `from`: the number of the first, null where it is not known. */
export interface Loss {
  kind: LossKind;
  count: number;
  from: number | null;
}

/** How many records, and the numbers of the first of them: both ends included. */
export interface Lost {
  count: number;
  ranges: { from: number; to: number }[];
}

/**
 * What became of records on their way, by their numbers: `missing` never came, of `torn` only a part did, `late` came
 * when it was given up, `differing` contradicts what came first, `refused` were no records. What is `doubled` is not lost.
 */
export type Transport = Record<LossKind, Lost>;

/** null is the host of lines that do not say whose they are. */
export type Transports = ReadonlyMap<string | null, Transport>;

const MOST_RANGES = 100;

export class TransportTally {
  readonly #transport: Transport = {
    missing: { count: 0, ranges: [] },
    torn: { count: 0, ranges: [] },
    late: { count: 0, ranges: [] },
    differing: { count: 0, ranges: [] },
    refused: { count: 0, ranges: [] },
    doubled: { count: 0, ranges: [] },
  };

  add({ kind, count, from }: Loss): void {
    const lost = this.#transport[kind];
    lost.count += count;
    if (from === null) return;
    const last = lost.ranges.at(-1);
    if (last && last.to + 1 === from) last.to += count;
    else if (lost.ranges.length < MOST_RANGES) lost.ranges.push({ from, to: from + count - 1 });
  }

  take(event: NetconsoleEvent): void {
    const loss = lossOf(event);
    if (loss) this.add(loss);
  }

  get transport(): Transport {
    return structuredClone(this.#transport);
  }
}

function lossOf(event: NetconsoleEvent): Loss | null {
  switch (event.kind) {
    case 'gap':
      return { kind: 'missing', count: event.to - event.from + 1, from: event.from };
    case 'fragment-lost':
      return { kind: 'torn', count: 1, from: event.sequence };
    case 'duplicate':
      return { kind: 'doubled', count: 1, from: event.sequence };
    case 'late':
      return { kind: 'late', count: 1, from: event.sequence };
    case 'conflict':
      return { kind: 'differing', count: 1, from: event.sequence };
    case 'refused':
    case 'malformed':
      return { kind: 'refused', count: 1, from: null };
    case 'record':
    case 'basic':
    case 'reset':
    default:
      return null;
  }
}

/** Records that are not there as they were sent. */
export function lostIn(transport: Transport | null): number {
  if (transport === null) return 0;
  return LOSSES.filter((kind) => kind !== 'doubled').reduce((sum, kind) => sum + transport[kind].count, 0);
}
