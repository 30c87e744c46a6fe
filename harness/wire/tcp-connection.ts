import type { TcpFlags, TcpSegment } from './tcp.ts';

/** What the host does on a connection: throw away what comes (RFC 863), or send without end (RFC 864). */
export type TcpService = 'discard' | 'stream';

/** A segment to be sent, the ports left out. */
export type OutgoingSegment = Omit<TcpSegment, 'kind' | 'sourcePort' | 'destinationPort'>;

/** What we always offer: nothing is kept, so there is always room. */
const WINDOW = 0xffff;
/** Ethernet's 1500 bytes less both headers; RFC 9293, section 3.7.1, has 536 for a peer that says nothing. */
const SEGMENT = { most: 1460, unsaid: 536, least: 64 };
/** Not more than this is on its way: it lies in buffers of this host and of QEMU. */
const MOST_IN_FLIGHT = 256 * 1024;
/** Nothing is lost unless the wire misbehaves: what isn't answered is sent again, at growing intervals. */
const PATIENCE_MS = { first: 1000, most: 60_000 };
const DUPLICATES = 3;
const NOTHING = new Uint8Array();
const STREAM = new Uint8Array(SEGMENT.most).fill(0x2e);

/**
 * The host's end of a TCP connection that the guest opened (RFC 9293), which after a loss goes back to what wasn't
 * acknowledged. A state machine: `take` what came, then `next` until it says null; time is an argument, in
 * milliseconds. A guest that dies leaves it waiting, at next to no cost.
 */
export class TcpConnection {
  /** Payload bytes that came in order, and those of ours that the guest has acknowledged. */
  received = 0;
  acknowledged = 0;
  closed = false;
  readonly #theirFirst: number;
  readonly #first: number;
  readonly #service: TcpService;
  readonly #segment: number;
  readonly #scale: number | null;
  #opened = false;
  // Numbers of ours: the oldest not acknowledged, the next to send, the end of all that was ever sent.
  #oldest: number;
  #next: number;
  #end: number;
  #window: number;
  /** The number of theirs that comes next. */
  #expected: number;
  #guestDone = false;
  #synDue = true;
  #ackDue = false;
  #resetDue = false;
  #duplicates = 0;
  /** One segment at a time, until something is acknowledged. */
  #careful = false;
  #progressMs: number;
  #patienceMs = PATIENCE_MS.first;

  constructor(syn: TcpSegment, service: TcpService, firstSequence: number, nowMs: number) {
    this.#theirFirst = syn.sequence;
    this.#expected = plus(syn.sequence, 1);
    this.#service = service;
    this.#first = this.#oldest = this.#next = this.#end = firstSequence >>> 0;
    this.#window = syn.window;
    this.#scale = syn.options.windowScale ?? null;
    const theirs = syn.options.maximumSegment ?? SEGMENT.unsaid;
    this.#segment = Math.min(SEGMENT.most, Math.max(SEGMENT.least, theirs));
    this.#progressMs = nowMs;
  }

  /** Whether this SYN is the one that opened the connection, perhaps come again. */
  isOpenedBy({ sequence }: TcpSegment): boolean {
    return sequence === this.#theirFirst;
  }

  take(segment: TcpSegment, nowMs: number): void {
    const { flags } = segment;
    if (flags.rst) {
      if (distance(this.#expected, segment.sequence) <= WINDOW) this.closed = true;
    } else if (flags.syn) {
      if (this.#opened) this.#ackDue = true;
      else this.#synDue = true;
    } else if (flags.ack) {
      this.#takeAcknowledgement(segment, nowMs);
      if (this.#opened) this.#takePayload(segment);
    }
  }

  /** Ends it at once: the guest's end is told so. */
  reset(): void {
    this.#resetDue = true;
  }

  /** The next segment to send now, or null. */
  next(nowMs: number): OutgoingSegment | null {
    if (this.closed) return null;
    if (this.#resetDue) {
      this.closed = true;
      return this.#outgoing({ rst: true, ack: true });
    }
    this.#losePatience(nowMs);
    if (!this.#opened) return this.#answerSyn();
    const due = this.#data() ?? this.#finish();
    if (due) return due;
    return this.#ackDue ? this.#outgoing({ ack: true }) : null;
  }

  #takeAcknowledgement({ acknowledgement, window, payload }: TcpSegment, nowMs: number): void {
    const moved = distance(this.#oldest, acknowledgement);
    if (moved > distance(this.#oldest, this.#end)) return; // of the past, or of nothing we sent
    const opens = !this.#opened && moved > 0;
    if (!this.#opened && !opens) return;
    const room = window * 2 ** (this.#scale ?? 0);
    const opened = room > 0 && this.#window === 0;
    // What was sent into a full window was thrown away.
    if (opened && moved === 0) this.#next = this.#oldest;
    if (moved > 0 || opened) this.#progress(nowMs);
    else if (room === this.#window && payload.length === 0 && this.#end !== this.#oldest) this.#doubt();
    this.#window = room;
    if (moved === 0) return;
    if (distance(this.#oldest, this.#next) < moved) this.#next = acknowledgement;
    this.#oldest = acknowledgement;
    this.#opened = true;
    if (this.#service === 'stream') this.acknowledged += opens ? moved - 1 : moved;
    else if (this.#guestDone && this.#oldest === plus(this.#first, 2)) this.closed = true;
  }

  #takePayload({ sequence, payload, flags }: TcpSegment): void {
    if (payload.length === 0 && !flags.fin) return;
    this.#ackDue = true;
    const fresh = payload.length - distance(sequence, this.#expected);
    // Something before it is missing, or all of it is known.
    if (fresh < 0 || this.#guestDone) return;
    this.received += fresh;
    this.#expected = plus(this.#expected, fresh);
    if (!flags.fin) return;
    this.#expected = plus(this.#expected, 1);
    this.#guestDone = true;
  }

  #answerSyn(): OutgoingSegment | null {
    if (!this.#synDue) return null;
    this.#synDue = false;
    this.#next = this.#end = plus(this.#first, 1);
    const scale = this.#scale === null ? {} : { windowScale: 0 };
    const options = { maximumSegment: SEGMENT.most, ...scale };
    return { ...this.#outgoing({ syn: true, ack: true }), sequence: this.#first, options };
  }

  #data(): OutgoingSegment | null {
    if (this.#service !== 'stream') return null;
    const onItsWay = distance(this.#oldest, this.#next);
    if (this.#careful && onItsWay > 0) return null;
    const room = Math.min(this.#window, MOST_IN_FLIGHT) - onItsWay;
    const length = Math.min(this.#segment, this.#careful ? Math.max(1, room) : room);
    // A guest that makes room byte by byte is not to be sent bytes one by one.
    if (length <= 0 || (length < this.#segment && onItsWay > 0)) return null;
    return this.#send({ ack: true }, length, STREAM.subarray(0, length));
  }

  /** The guest has said its last and so do we; a stream goes on. */
  #finish(): OutgoingSegment | null {
    const due = this.#service === 'discard' && this.#guestDone && this.#next === plus(this.#first, 1);
    return due ? this.#send({ fin: true, ack: true }, 1) : null;
  }

  #send(flags: TcpFlags, length: number, payload?: Uint8Array): OutgoingSegment {
    const segment = this.#outgoing(flags, payload);
    this.#next = plus(this.#next, length);
    if (distance(this.#oldest, this.#end) < distance(this.#oldest, this.#next)) this.#end = this.#next;
    return segment;
  }

  #outgoing(flags: TcpFlags, payload: Uint8Array = NOTHING): OutgoingSegment {
    this.#ackDue = false;
    const acknowledgement = this.#expected;
    return { sequence: this.#next, acknowledgement, flags, window: WINDOW, options: {}, payload };
  }

  #progress(nowMs: number): void {
    this.#progressMs = nowMs;
    this.#patienceMs = PATIENCE_MS.first;
    this.#duplicates = 0;
    this.#careful = false;
  }

  /** The guest acknowledges the same again: something is missing there. */
  #doubt(): void {
    this.#duplicates += 1;
    if (this.#duplicates === DUPLICATES) this.#goBack();
  }

  /** Also when the guest has no room: its word that it has some may have been lost. */
  #losePatience(nowMs: number): void {
    const full = this.#service === 'stream' && this.#opened && this.#window === 0;
    if (this.#oldest === this.#end && !full) this.#progressMs = nowMs;
    if (nowMs - this.#progressMs < this.#patienceMs) return;
    this.#progressMs = nowMs;
    this.#patienceMs = Math.min(PATIENCE_MS.most, 2 * this.#patienceMs);
    if (this.#opened) this.#goBack();
    else this.#synDue = true;
  }

  #goBack(): void {
    this.#next = this.#oldest;
    this.#careful = true;
  }
}

/** Sequence numbers are 32 bits wide and begin anew after the last. */
const plus = (sequence: number, count: number) => (sequence + count) >>> 0;
/** How far `to` is ahead of `from`; what lies behind is almost 2^32 ahead. */
const distance = (from: number, to: number) => (to - from) >>> 0;
