import { arrivedRecord } from './arrived.ts';
import { type Assembly, type Conflict, totalOf } from './assembly.ts';
import { RECEIVER_BOUNDS, type ReceiverBounds } from './bounds.ts';
import { type ExtendedDatagram, parseDatagram } from './datagram.ts';
import type { GivenUp, NetconsoleEvent } from './event.ts';
import { Pending } from './pending.ts';
import { Remembered } from './remembered.ts';

/** A datagram that may be the first of a new boot, and what it is if it is not. */
interface Suspect {
  datagram: ExtendedDatagram;
  otherwise: 'late' | Conflict;
  atMs: number;
}

/**
 * Puts the datagrams of *one* sender back into the order they were logged in, and names what is missing.
 * No I/O and no clock: times are the caller's, in milliseconds, and do not go back. Memory is bounded by
 * `ReceiverBounds` whatever comes, one datagram more at most.
 *
 * It begins at the lowest number that arrives before the window or the patience is over, or at 0 at once.
 * Sequence numbers do not tell what was lost before the first that arrived or after the last, nor that the
 * sender booted anew if its first number then is above the last one before.
 */
export class NetconsoleReceiver {
  readonly #bounds: ReceiverBounds;
  readonly #pending = new Pending();
  readonly #remembered: Remembered;
  /** The next number to deliver; undefined until the beginning is known. */
  #next: number | undefined;
  #highest = -1;
  /** Timestamp of the highest. */
  #newestUs = 0;
  /** Since when something waits behind a missing `#next`; undefined: not looked up yet. */
  #blockedMs: number | undefined;
  /** Given up, and told as one before the next record. */
  #gap: { from: number; to: number; because: GivenUp } | undefined;
  #suspect: Suspect | undefined;
  #nowMs = Number.NEGATIVE_INFINITY;
  #events: NetconsoleEvent[] = [];

  constructor(bounds: Partial<ReceiverBounds> = {}) {
    this.#bounds = { ...RECEIVER_BOUNDS, ...bounds };
    this.#remembered = new Remembered(this.#bounds.reorderWindow, this.#bounds.maxRememberedBytes);
  }

  /** Memory held, in bytes: an upper estimate. */
  get heldBytes(): number {
    return this.#pending.bytes + this.#remembered.bytes;
  }

  receive(payload: Uint8Array, nowMs: number): NetconsoleEvent[] {
    this.#moveTo(nowMs);
    const datagram = parseDatagram(payload);
    if (datagram.kind === 'extended') this.#take(datagram);
    else this.#events.push({ ...datagram, atMs: this.#nowMs });
    this.#settle();
    return this.#told();
  }

  /** Gives up what was waited for too long. Call it now and then while nothing arrives. */
  advance(nowMs: number): NetconsoleEvent[] {
    this.#moveTo(nowMs);
    return this.#told();
  }

  /** Nothing more will come: everything that waits is told. */
  finish(): NetconsoleEvent[] {
    if (this.#suspect) this.#reset(this.#suspect.datagram);
    this.#settle('end');
    return this.#told();
  }

  #moveTo(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    const suspect = this.#suspect;
    if (suspect && this.#outOfPatience(suspect.atMs)) this.#reset(suspect.datagram);
    this.#settle();
  }

  #take(datagram: ExtendedDatagram): void {
    const { sequence } = datagram;
    const total = totalOf(datagram);
    if (total > this.#bounds.maxRecordBytes) {
      const reason = `a record of ${total} bytes is over the bound of ${this.#bounds.maxRecordBytes}`;
      this.#events.push({ kind: 'refused', sequence, reason, atMs: this.#nowMs });
      return;
    }
    if (this.#isPast(sequence)) {
      this.#takePast(datagram);
      return;
    }
    this.#clearSuspect();
    const offered = this.#pending.take(datagram, this.#nowMs);
    if (offered === 'duplicate') this.#tellDuplicate(sequence);
    else if (offered !== 'taken') this.#tellConflict(datagram, offered);
    if (sequence > this.#highest) {
      this.#highest = sequence;
      this.#newestUs = datagram.timestampUs;
    }
  }

  #isPast(sequence: number): boolean {
    return this.#next === undefined ? this.#isFarBelow(sequence) : sequence < this.#next;
  }

  #isFarBelow(sequence: number): boolean {
    return this.#highest - sequence >= this.#bounds.reorderWindow;
  }

  #takePast(datagram: ExtendedDatagram): void {
    const known = this.#remembered.get(datagram.sequence);
    const offered = known?.offer(datagram, this.#nowMs) ?? 'late';
    if (offered === 'duplicate' || offered === 'taken') {
      this.#tellDuplicate(datagram.sequence);
      return;
    }
    const suspect: Suspect = { datagram, otherwise: offered, atMs: this.#nowMs };
    const first = this.#suspect?.datagram;
    if (!this.#looksLikeNewBoot(datagram, known)) this.#tellInnocent(suspect);
    else if (first === undefined) this.#suspect = suspect;
    else if (first.sequence === datagram.sequence) this.#tellInnocent(suspect);
    else this.#reset(first, datagram);
  }

  /**
   * A boot gives a sequence number one timestamp only. Far below the window nothing is left to compare with,
   * and one record alone may be a straggler: another such record decides, or silence.
   */
  #looksLikeNewBoot(datagram: ExtendedDatagram, known: Assembly | undefined): boolean {
    if (datagram.timestampUs >= this.#newestUs) return false;
    return known ? known.header.timestampUs !== datagram.timestampUs : this.#isFarBelow(datagram.sequence);
  }

  /** The old boot goes on, so the suspect was a straggler. */
  #clearSuspect(): void {
    if (this.#suspect) this.#tellInnocent(this.#suspect);
    this.#suspect = undefined;
  }

  #tellInnocent({ datagram, otherwise }: Suspect): void {
    const { sequence } = datagram;
    if (otherwise === 'late') this.#events.push({ kind: 'late', sequence, datagram, atMs: this.#nowMs });
    else this.#tellConflict(datagram, otherwise);
  }

  #tellDuplicate(sequence: number): void {
    this.#events.push({ kind: 'duplicate', sequence, atMs: this.#nowMs });
  }

  #tellConflict(datagram: ExtendedDatagram, why: Conflict): void {
    const { sequence } = datagram;
    this.#events.push({ kind: 'conflict', sequence, why, datagram, atMs: this.#nowMs });
  }

  #reset(...proofs: [ExtendedDatagram, ...ExtendedDatagram[]]): void {
    this.#suspect = undefined;
    this.#settle('reset');
    const first = proofs[0].sequence;
    this.#events.push({ kind: 'reset', last: this.#highest, first, atMs: this.#nowMs });
    this.#remembered.clear();
    this.#next = undefined;
    this.#highest = -1;
    for (const datagram of proofs) this.#take(datagram);
  }

  /** Delivers what is whole and gives up what is not to be waited for; with `all`, waits for nothing. */
  #settle(all?: GivenUp): void {
    while (this.#pending.size > 0) {
      this.#next ??= this.#beginning(all);
      if (this.#next === undefined) return;
      const head = this.#pending.get(this.#next);
      if (head?.whole) {
        this.#deliver(head);
      } else {
        const because = all ?? this.#reasonToGiveUp(this.#next, head);
        if (because === undefined) return;
        if (head) this.#giveUpFragments(head, because);
        else this.#giveUpMissing(this.#next, because);
      }
    }
  }

  #beginning(all?: GivenUp): number | undefined {
    const lowest = this.#pending.lowest();
    const known = all !== undefined || lowest === 0 || this.#reasonToGiveUp(lowest, undefined) !== undefined;
    return known ? lowest : undefined;
  }

  #reasonToGiveUp(sequence: number, head: Assembly | undefined): GivenUp | undefined {
    if (this.#isFarBelow(sequence)) return 'window';
    if (this.#pending.bytes > this.#bounds.maxPendingBytes) return 'memory';
    if (!head) this.#blockedMs ??= this.#pending.since();
    return this.#outOfPatience(head?.lastMs ?? this.#blockedMs ?? this.#nowMs) ? 'patience' : undefined;
  }

  #outOfPatience(sinceMs: number): boolean {
    return this.#nowMs - sinceMs >= this.#bounds.patienceMs;
  }

  #deliver(assembly: Assembly): void {
    this.#passOver(assembly);
    this.#remembered.keep(assembly);
    this.#events.push({ kind: 'record', record: arrivedRecord(assembly), atMs: this.#nowMs });
  }

  #giveUpFragments(assembly: Assembly, because: GivenUp): void {
    this.#passOver(assembly);
    const { sequence, total, pieces, fragments, firstMs, lastMs } = assembly;
    const bytes = { total, missing: assembly.missing(), pieces, fragments };
    const times = { firstMs, lastMs, atMs: this.#nowMs };
    this.#events.push({ kind: 'fragment-lost', sequence, ...bytes, because, ...times });
  }

  #giveUpMissing(from: number, because: GivenUp): void {
    const end = this.#pending.lowest();
    // Only what the window has passed is sure; the rest of a run has still time.
    const next = because === 'window' ? Math.min(end, this.#highest - this.#bounds.reorderWindow + 1) : end;
    this.#gap = { from: this.#gap?.from ?? from, to: next - 1, because: this.#gap?.because ?? because };
    this.#moveHead(next);
  }

  #passOver(assembly: Assembly): void {
    if (this.#gap) this.#events.push({ kind: 'gap', ...this.#gap, atMs: this.#nowMs });
    this.#gap = undefined;
    this.#pending.remove(assembly);
    this.#moveHead(assembly.sequence + 1);
  }

  #moveHead(next: number): void {
    this.#next = next;
    this.#blockedMs = undefined;
  }

  #told(): NetconsoleEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
