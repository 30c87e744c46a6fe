import { cutDatagram, cutFrame, flipBit } from './damage.ts';
import { randomFrom } from './random.ts';
import type { Direction, TimedFrame } from './timed-frame.ts';
import { decodeUdp } from './udp.ts';

/** What a wire can do to a frame. */
export type Fault =
  | { kind: 'drop' }
  /** Later by `ms`, and by up to `jitterMs` more, drawn for each frame: frames may then overtake each other. */
  | { kind: 'delay'; ms: number; jitterMs?: number }
  | { kind: 'double' }
  /** Held back until so many further frames of its direction have come out. */
  | { kind: 'reorder'; behind: number }
  /** One bit, in the payload where there is one: the checksum then fails at the receiver. */
  | { kind: 'corrupt' }
  /**
   * Cut to `bytes`: a `frame` breaks off and no receiver takes it; a `datagram` loses the end of its payload and is
   * otherwise in order, as for a receiver whose buffer was too small.
   */
  | { kind: 'cut'; bytes: number; what: 'frame' | 'datagram' };

/** Which frames a fault befalls: those of one direction that are `among`, of these the `nth`, and of these a share. */
export interface FaultRule {
  fault: Fault;
  /** Default: from the guest. */
  direction?: Direction;
  /** Default: all. */
  among?: (frame: Uint8Array) => boolean;
  /** Counted from 1, from when the faults began. Default: all. */
  nth?: readonly number[];
  /** From 0 to 1, drawn for each frame. Default: 1. */
  probability?: number;
}

/** Rules act one after the other: each on everything that the one before it let through of a frame. */
export interface FaultPlan {
  seed: number;
  rules: readonly FaultRule[];
}

/** A fault that was done. */
export interface FaultDone {
  timeNs: bigint;
  direction: Direction;
  /** Which frame of its direction, counted from 1 from when the faults began. */
  frame: number;
  fault: Fault;
  /** How exactly, e.g. `bit 371` or `13.5 ms`; empty where there is nothing to add. */
  detail: string;
  /** The frame as it was before any fault. */
  original: Uint8Array;
}

/** How many faults are kept with their frames; more are counted. */
const KEPT_FAULTS = 10_000;

/** A frame on its way through the rules. */
interface Travelling {
  bytes: Uint8Array;
  delayNs: bigint;
  behind: number;
}

/** A frame that is to come out later. */
interface Held {
  dueNs: bigint;
  /** How many frames have yet to come out before it. */
  behind: number;
  frame: TimedFrame;
}

interface Rule extends FaultRule {
  random: () => number;
  counted: number;
}

/**
 * A wire that misbehaves as planned. A state machine: time is an argument, chance is the seed's. What it holds back
 * is never lost: {@link held} has it.
 */
export class Faults {
  /** The first faults done, in order; {@link count} counts them all. */
  readonly done: FaultDone[] = [];
  count = 0;
  readonly #rules: Rule[];
  readonly #seen: Record<Direction, number> = { 'from guest': 0, 'to guest': 0 };
  #held: Held[] = [];

  constructor({ seed, rules }: FaultPlan) {
    // Each has a chance of its own: one more rule doesn't change what the others do.
    this.#rules = rules.map((rule, index) => ({
      ...rule,
      random: randomFrom(seed + 7919 * index),
      counted: 0,
    }));
  }

  /** What comes out when this frame goes in, in order; the frame itself where nothing befalls it. */
  take(frame: TimedFrame): TimedFrame[] {
    this.#seen[frame.direction] += 1;
    let copies: Travelling[] = [{ bytes: frame.bytes, delayNs: 0n, behind: 0 }];
    for (const rule of this.#rules) {
      if (!strikes(rule, frame)) continue;
      copies = copies.flatMap((copy) => this.#strike(rule, copy, frame));
    }
    const out: TimedFrame[] = [];
    for (const { bytes, delayNs, behind } of copies) {
      const leaving = bytes === frame.bytes ? frame : { ...frame, bytes };
      if (delayNs === 0n && behind === 0) out.push(leaving);
      else this.#held.push({ dueNs: frame.timeNs + delayNs, behind, frame: leaving });
    }
    return this.#held.length === 0 ? out : this.#overtaken(out, frame.timeNs);
  }

  /** When the next frame is to come out by time alone; null where none is. */
  get dueNs(): bigint | null {
    const times = this.#held.filter(({ behind }) => behind === 0).map(({ dueNs }) => dueNs);
    return times.length === 0 ? null : times.reduce((one, other) => (other < one ? other : one));
  }

  /** The frames whose time has come, in that order. */
  release(nowNs: bigint): TimedFrame[] {
    const ready = this.#held.filter(({ dueNs, behind }) => behind === 0 && dueNs <= nowNs).sort(byTime);
    if (ready.length === 0) return [];
    const gone = new Set(ready);
    this.#held = this.#held.filter((one) => !gone.has(one));
    return this.#overtaken(
      ready.map(({ dueNs, frame }) => ({ ...frame, timeNs: dueNs })),
      nowNs,
    );
  }

  /** What is still held back, in the order and with the time it will come out if no more frame comes. */
  held(direction: Direction, nowNs: bigint): TimedFrame[] {
    return this.#held
      .filter(({ frame }) => frame.direction === direction)
      .sort(byTime)
      .map(({ dueNs, frame }) => ({ ...frame, timeNs: dueNs > nowNs ? dueNs : nowNs }));
  }

  /** Forgets what is held back: somebody has taken it over. */
  close(): void {
    this.#held = [];
  }

  /** `out`, and after each frame those that waited behind it. */
  #overtaken(out: readonly TimedFrame[], nowNs: bigint): TimedFrame[] {
    const all: TimedFrame[] = [];
    const queue = [...out];
    for (let frame = queue.shift(); frame; frame = queue.shift()) {
      all.push(frame);
      const released: TimedFrame[] = [];
      for (const waiting of this.#held) {
        if (waiting.behind === 0 || waiting.frame.direction !== frame.direction) continue;
        waiting.behind -= 1;
        if (waiting.behind > 0 || waiting.dueNs > nowNs) continue;
        released.push({ ...waiting.frame, timeNs: nowNs });
        this.#held = this.#held.filter((one) => one !== waiting);
      }
      queue.unshift(...released);
    }
    return all;
  }

  #strike({ fault, random }: Rule, copy: Travelling, frame: TimedFrame): Travelling[] {
    const { copies, detail } = befall(fault, copy, random);
    if (copies[0] !== copy || copies.length !== 1) this.#note(frame, fault, detail);
    return copies;
  }

  #note({ timeNs, direction, bytes: original }: TimedFrame, fault: Fault, detail: string): void {
    this.count += 1;
    if (this.done.length === KEPT_FAULTS) return;
    this.done.push({ timeNs, direction, frame: this.#seen[direction], fault, detail, original });
  }
}

/** For `among`: the UDP datagrams to a port, 6666 being netconsole's. */
export function datagramsTo(port: number): (frame: Uint8Array) => boolean {
  return (frame) => {
    const datagram = decodeUdp(frame);
    return datagram.kind === 'udp' && datagram.destination.port === port;
  };
}

/** What becomes of a frame; the same one, alone, where nothing does. */
function befall(
  fault: Fault,
  copy: Travelling,
  random: () => number,
): { copies: Travelling[]; detail: string } {
  const { kind } = fault;
  if (kind === 'drop') return { copies: [], detail: '' };
  if (kind === 'double') return { copies: [copy, copy], detail: '' };
  if (kind === 'reorder') return { copies: [{ ...copy, behind: copy.behind + fault.behind }], detail: '' };
  if (kind === 'delay') {
    const ms = fault.ms + (fault.jitterMs ?? 0) * random();
    const delayNs = copy.delayNs + BigInt(Math.round(ms * 1e6));
    return { copies: [{ ...copy, delayNs }], detail: `${ms.toFixed(3)} ms` };
  }
  if (kind === 'corrupt') {
    const { bytes, bit } = flipBit(copy.bytes, random());
    return { copies: [{ ...copy, bytes }], detail: `bit ${bit}` };
  }
  const bytes = (fault.what === 'frame' ? cutFrame : cutDatagram)(copy.bytes, fault.bytes);
  const { length } = copy.bytes;
  if (bytes.length === length) return { copies: [copy], detail: '' };
  return { copies: [{ ...copy, bytes }], detail: `from ${length} bytes to ${bytes.length}` };
}

/** Draws and counts: to be asked once a frame. */
function strikes(rule: Rule, { direction, bytes }: TimedFrame): boolean {
  if ((rule.direction ?? 'from guest') !== direction) return false;
  if (rule.among && !rule.among(bytes)) return false;
  rule.counted += 1;
  if (rule.nth && !rule.nth.includes(rule.counted)) return false;
  return rule.probability === undefined || rule.random() < rule.probability;
}

/** Sorting is stable: what is due at the same time keeps its order. */
function byTime(one: Held, other: Held): number {
  return Number(one.dueNs - other.dueNs);
}
