import { type ArrivedRecord, arrivedRecord } from './arrived.ts';
import { Assembly, type ByteRange } from './assembly.ts';
import { type BasicLine, basicLines } from './basic.ts';
import { type ExtendedDatagram, parseDatagram } from './datagram.ts';

/** A record of which only fragments came. */
interface TornRecord {
  sequence: number;
  /** Bytes of its whole body. */
  total: number;
  /** Datagrams that came of it. */
  fragments: number;
  missing: ByteRange[];
}

/** Everything that arrived of one run, as one witness saw it. */
export interface Ledger {
  /** Every whole copy of a record, in order of completion: two are a duplicate, or a contradiction. */
  records: Map<number, ArrivedRecord[]>;
  /** Sequence numbers of all copies, in order of completion. */
  order: number[];
  /** Copies never finished, by ascending sequence number. */
  torn: TornRecord[];
  /** Stray fragments that only repeat bytes of a copy that is whole. */
  repeated: { sequence: number; fragments: number; atMs: number }[];
  basic: BasicLine[];
  /** All basic payloads, one after the other; a byte string. */
  basicText: string;
  malformed: { reason: string; text: string; atMs: number }[];
}

/** Unfinished copies of one sequence number; more only a hostile sender makes. The oldest is called torn. */
const MAX_OPEN_COPIES = 16;

/** Reads the payloads of one run in order of arrival. It waits for nothing and judges no order. */
export function buildLedger(datagrams: Iterable<{ payload: Uint8Array; atMs: number }>): Ledger {
  const copies = new Copies();
  const basic: { text: string; atMs: number }[] = [];
  const malformed: Ledger['malformed'] = [];
  for (const { payload, atMs } of datagrams) {
    const datagram = parseDatagram(payload);
    if (datagram.kind === 'extended') copies.take(datagram, atMs);
    else if (datagram.kind === 'basic') basic.push({ text: datagram.text, atMs });
    else malformed.push({ reason: datagram.reason, text: datagram.text, atMs });
  }
  const basicText = basic.map(({ text }) => text).join('');
  return { ...copies.close(), basic: basicLines(basic), basicText, malformed };
}

class Copies {
  readonly #whole: Assembly[] = [];
  readonly #open = new Map<number, Assembly[]>();
  readonly #abandoned: Assembly[] = [];

  /** Gives a datagram to the first unfinished copy that can use it, or begins another copy. */
  take(datagram: ExtendedDatagram, atMs: number): void {
    const open = this.#open.get(datagram.sequence) ?? [];
    let copy = open.find((assembly) => assembly.offer(datagram, atMs) === 'taken');
    if (!copy) {
      copy = new Assembly(datagram, atMs);
      open.push(copy);
    }
    if (copy.whole) {
      this.#whole.push(copy);
      open.splice(open.indexOf(copy), 1);
    }
    if (open.length > MAX_OPEN_COPIES) this.#abandoned.push(...open.splice(0, 1));
    if (open.length > 0) this.#open.set(datagram.sequence, open);
    else this.#open.delete(datagram.sequence);
  }

  close(): Pick<Ledger, 'records' | 'order' | 'torn' | 'repeated'> {
    const whole = new Map<number, Assembly[]>();
    for (const copy of this.#whole) {
      const others = whole.get(copy.sequence);
      if (others) others.push(copy);
      else whole.set(copy.sequence, [copy]);
    }

    const torn: TornRecord[] = [];
    const repeated: Ledger['repeated'] = [];
    for (const copy of [...this.#abandoned, ...[...this.#open.values()].flat()]) {
      const { sequence, total, fragments, lastMs } = copy;
      const known = whole.get(sequence)?.some((other) => repeats(copy, other)) ?? false;
      if (known) repeated.push({ sequence, fragments, atMs: lastMs });
      else torn.push({ sequence, total, fragments, missing: copy.missing() });
    }
    return {
      records: new Map([...whole].map(([sequence, found]) => [sequence, found.map(arrivedRecord)])),
      order: this.#whole.map(({ sequence }) => sequence),
      torn: torn.sort((a, b) => a.sequence - b.sequence),
      repeated,
    };
  }
}

/** All bytes of the unfinished copy stand in the whole one too. */
function repeats(copy: Assembly, whole: Assembly): boolean {
  if (copy.header.header !== whole.header.header || copy.total !== whole.total) return false;
  const bytes = whole.bytes();
  return copy.pieces.every((piece) => bytes.startsWith(piece.bytes, piece.offset));
}
