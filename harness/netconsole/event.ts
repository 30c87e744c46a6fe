import type { ArrivedRecord } from './arrived.ts';
import type { ByteRange, Conflict, Piece } from './assembly.ts';
import type { ExtendedDatagram } from './datagram.ts';

/**
 * Why the receiver stopped waiting: the sequence moved on past the reorder window, nothing came for as long
 * as its patience, memory ran short, the sender began anew, or the caller said that it is over.
 */
export type GivenUp = 'window' | 'patience' | 'memory' | 'reset' | 'end';

/** What a receiver has to say. `atMs` is the caller's clock when it became sure. */
export type NetconsoleEvent =
  /** Whole, in sequence order. */
  | { kind: 'record'; record: ArrivedRecord; atMs: number }
  /** Sequence numbers never seen, both ends included. */
  | { kind: 'gap'; from: number; to: number; because: GivenUp; atMs: number }
  /** Parts of a record came, and the rest did not. `pieces` are its bytes, still escaped. */
  | {
      kind: 'fragment-lost';
      sequence: number;
      total: number;
      missing: ByteRange[];
      pieces: readonly Piece[];
      /** Datagrams that brought them. */
      fragments: number;
      firstMs: number;
      lastMs: number;
      because: GivenUp;
      atMs: number;
    }
  /** Nothing new: the sequence number and the bytes are known. */
  | { kind: 'duplicate'; sequence: number; atMs: number }
  /** Contradicts what came first under its sequence number; that stands. */
  | { kind: 'conflict'; sequence: number; why: Conflict; datagram: ExtendedDatagram; atMs: number }
  /** Its sequence number was given up before, or is delivered so long ago that it cannot be compared. */
  | { kind: 'late'; sequence: number; datagram: ExtendedDatagram; atMs: number }
  /** The sender booted anew: `last` is the highest number before, `first` the one that showed it. */
  | { kind: 'reset'; last: number; first: number; atMs: number }
  /** One datagram's text as it came, in order of arrival: a part of a line, or several. */
  | { kind: 'basic'; text: string; atMs: number }
  /** Beyond what this receiver keeps; its sequence number will be named again in a gap. */
  | { kind: 'refused'; sequence: number; reason: string; atMs: number }
  | { kind: 'malformed'; reason: string; text: string; atMs: number };
