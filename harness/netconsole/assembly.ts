import type { ExtendedDatagram } from './datagram.ts';

/** Bytes of a record's body, `end` exclusive. */
export interface ByteRange {
  start: number;
  end: number;
}

/** Bytes of a record's body that arrived together, or joined by overlap. */
export interface Piece {
  offset: number;
  bytes: string;
}

/** Why a datagram cannot belong to the record that has its sequence number. */
export type Conflict = 'header differs' | 'total differs' | 'bytes differ';

export type Offered = 'taken' | 'duplicate' | Conflict;

/** What a datagram costs beside its bytes, as an estimate of the objects that hold it. */
const OVERHEAD_BYTES = 200;

/**
 * A record being put together from its fragments, in any order. A record that came in one datagram is one
 * fragment of its whole length. The first word stands: what contradicts the bytes there is not taken.
 */
export class Assembly {
  readonly header: ExtendedDatagram;
  readonly total: number;
  readonly firstMs: number;
  /** Arrival of the last datagram that brought new bytes. */
  lastMs: number;
  /** Datagrams that brought new bytes. */
  fragments: number;
  /** Memory held, in bytes: an upper estimate. */
  cost: number;
  #have: number;
  /** Ascending, never overlapping. */
  readonly #pieces: Piece[];

  constructor(datagram: ExtendedDatagram, atMs: number) {
    this.header = datagram;
    this.total = totalOf(datagram);
    this.firstMs = atMs;
    this.lastMs = atMs;
    const { header, body } = datagram;
    this.#pieces = [{ offset: offsetOf(datagram), bytes: body }];
    this.#have = body.length;
    this.cost = header.length + body.length + OVERHEAD_BYTES;
    this.fragments = 1;
  }

  get sequence(): number {
    return this.header.sequence;
  }

  get whole(): boolean {
    return this.#have === this.total;
  }

  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  offer(datagram: ExtendedDatagram, atMs: number): Offered {
    if (datagram.header !== this.header.header) return 'header differs';
    if (totalOf(datagram) !== this.total) return 'total differs';
    const start = offsetOf(datagram);
    const end = start + datagram.body.length;
    const from = this.#firstEndingAfter(start);
    let to = from;
    let known = 0;
    for (let piece = this.#pieces[to]; piece && piece.offset < end; piece = this.#pieces[++to]) {
      const overlap = { start: Math.max(start, piece.offset), end: Math.min(end, endOf(piece)) };
      if (cut(piece, overlap) !== cut({ offset: start, bytes: datagram.body }, overlap))
        return 'bytes differ';
      known += overlap.end - overlap.start;
    }
    if (known === datagram.body.length) return 'duplicate';
    this.#take(from, to, start, datagram, atMs);
    return 'taken';
  }

  /** What never came, ascending. */
  missing(): ByteRange[] {
    const missing: ByteRange[] = [];
    let at = 0;
    for (const piece of this.#pieces) {
      if (piece.offset > at) missing.push({ start: at, end: piece.offset });
      at = endOf(piece);
    }
    if (at < this.total) missing.push({ start: at, end: this.total });
    return missing;
  }

  /** The bytes that are there, without what is missing between them. */
  bytes(): string {
    const [first] = this.#pieces;
    // Nearly every record comes in one.
    if (first && this.#pieces.length === 1) return first.bytes;
    return this.#pieces.map((piece) => piece.bytes).join('');
  }

  /** Puts a datagram in the place of the pieces `from` … `to` that it overlaps, with what they have beyond it. */
  #take(from: number, to: number, offset: number, datagram: ExtendedDatagram, atMs: number): void {
    const overlapped = this.#pieces.slice(from, to);
    const end = offset + datagram.body.length;
    const first = overlapped[0];
    const last = overlapped.at(-1);
    const before = first && first.offset < offset ? first.bytes.slice(0, offset - first.offset) : '';
    const after = last && endOf(last) > end ? last.bytes.slice(end - last.offset) : '';
    const joined = { offset: offset - before.length, bytes: before + datagram.body + after };
    this.#pieces.splice(from, to - from, joined);
    this.#have += joined.bytes.length - overlapped.reduce((sum, piece) => sum + piece.bytes.length, 0);
    this.cost += datagram.header.length + datagram.body.length + OVERHEAD_BYTES;
    this.fragments += 1;
    this.lastMs = atMs;
  }

  /** A binary search: a hostile sender can make many pieces. */
  #firstEndingAfter(offset: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const piece = this.#pieces[middle];
      if (piece && endOf(piece) > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** The whole body's length in bytes, as the datagram claims it. */
export function totalOf(datagram: ExtendedDatagram): number {
  return datagram.fragment?.total ?? datagram.body.length;
}

function offsetOf(datagram: ExtendedDatagram): number {
  return datagram.fragment?.offset ?? 0;
}

function endOf(piece: Piece): number {
  return piece.offset + piece.bytes.length;
}

function cut(piece: Piece, range: ByteRange): string {
  return piece.bytes.slice(range.start - piece.offset, range.end - piece.offset);
}
