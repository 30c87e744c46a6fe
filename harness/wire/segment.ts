import type { Duplex } from 'node:stream';
import { type FaultDone, type FaultPlan, Faults } from './faults.ts';
import { encodeFrame, FrameReader } from './framing.ts';
import type { Load } from './load.ts';
import { answer, type Host } from './responder.ts';
import type { TimedFrame } from './timed-frame.ts';

/** How much of one guest a witness keeps: a hundred times the longest log, and no danger to the host. */
export const KEPT_BYTES = 64 << 20;
/** What a kept frame or datagram costs beside its bytes, about. */
export const COST_EACH = 200;

/** Frames that were counted and not kept. */
export interface Unkept {
  frames: number;
  bytes: number;
}

/** What was done to the wire as a whole; what befell single frames is in {@link FaultDone}. */
export type WireChange = { timeNs: bigint } & (
  | { change: 'faults'; plan: FaultPlan | null }
  /** Whether the host has stopped reading. */
  | { change: 'stall'; state: 'on' | 'off' }
  | { change: 'link'; state: 'up' | 'down' }
  | { change: 'nic'; state: 'unplugged' | 'plugged in' }
);
type Change<Each> = Each extends WireChange ? Omit<Each, 'timeNs'> : never;

/**
 * The segment the guest's NIC is plugged into: reads QEMU's stream as fast as it comes, keeps every frame, and
 * answers as the one other host there (ARP, neighbour discovery, ping). Nothing is parsed here beyond that:
 * a reader that waits for a parser stalls the guest.
 *
 * It can be made to misbehave (`injectFaults`), to stop reading (`pause`), and to carry a load (`carry`), whose frames
 * are counted, not kept: a minute of it would be gigabytes, and it proves nothing.
 */
export class Segment {
  /** As it was at the guest's NIC: what left it, and what reached it. */
  readonly frames: TimedFrame[] = [];
  /** Set when the stream stopped making sense or was more than is kept; no frame after it is known. */
  failure: string | null = null;
  /** Bytes read from QEMU, those of a load too. */
  read = 0;
  /** In order. */
  readonly changes: WireChange[] = [];
  readonly unkept: Unkept = { frames: 0, bytes: 0 };
  private readonly nic: Duplex;
  private readonly host: Host;
  private readonly onFrame: () => void;
  private readonly reader = new FrameReader();
  private readonly keptBytes: number;
  private kept = 0;
  /** As it was at the witness; the same list while nothing can happen in between. */
  private atWitness = this.frames;
  private load: Load | null = null;
  private faults: Faults | null = null;
  private readonly formerFaults: Faults[] = [];
  private timer: { dueNs: bigint; handle: NodeJS.Timeout } | null = null;

  constructor(nic: Duplex, host: Host, onFrame: () => void, keptBytes = KEPT_BYTES) {
    this.nic = nic;
    this.host = host;
    this.onFrame = onFrame;
    this.keptBytes = keptBytes;
    nic.on('data', (chunk: Uint8Array) => this.receive(chunk));
    nic.on('drain', () => this.pump());
    nic.on('close', () => this.clearTimer());
  }

  /**
   * What the witness has: all that left the guest and was not lost on the wire, the frames last that are still on
   * their way, with the time they would arrive. Without faults it is `frames`.
   */
  get delivered(): readonly TimedFrame[] {
    const late = this.faults?.held('from guest', clockNs()) ?? [];
    return late.length === 0 ? this.atWitness : [...this.atWitness, ...late];
  }

  /** Whether `delivered` may differ from `frames`: the wire was made to misbehave at some time. */
  get faulty(): boolean {
    return this.atWitness !== this.frames;
  }

  /** What the wire did, in order, and how often it did something: not every frame is kept. */
  get faultsDone(): { done: FaultDone[]; count: number } {
    const all = this.faults ? [...this.formerFaults, this.faults] : this.formerFaults;
    return {
      done: all.flatMap(({ done }) => done),
      count: all.reduce((sum, { count }) => sum + count, 0),
    };
  }

  /** From now on the wire misbehaves so, in place of any plan before; null: it behaves again. */
  injectFaults(plan: FaultPlan | null): void {
    const former = this.faults;
    this.note({ change: 'faults', plan });
    if (!this.faulty && plan) this.atWitness = [...this.frames];
    this.faults = plan && new Faults(plan);
    this.clearTimer();
    if (!former) return;
    this.formerFaults.push(former);
    // What the old plan held back is not lost with it.
    for (const direction of ['from guest', 'to guest'] as const)
      for (const frame of former.held(direction, clockNs())) this.emerge(frame);
    former.close();
  }

  /**
   * Stops reading from QEMU's socket: when the buffers between are full (Node's own 64 KiB and the socket's), the
   * guest's NIC stands still. Nothing is lost here; QEMU itself throws its own queue away if the guest is stopped
   * meanwhile (net/net.c, net_vm_change_state_handler()).
   */
  pause(): void {
    this.note({ change: 'stall', state: 'on' });
    this.nic.pause();
  }

  resume(): void {
    this.note({ change: 'stall', state: 'off' });
    this.nic.resume();
  }

  /** Keeps what was done to the wire, here or at QEMU's end. */
  note(change: Change<WireChange>): void {
    this.changes.push({ timeNs: clockNs(), ...change });
  }

  get paused(): boolean {
    return this.nic.isPaused();
  }

  /** Carries a load from now on. Its frames are not kept, neither now nor after it has ended. */
  carry(load: Load): void {
    this.load = load;
  }

  /** Sends what the load has for the guest, as far as QEMU takes it. */
  pump(): void {
    while (this.load && !this.nic.writableNeedDrain && !this.nic.destroyed) {
      const frame = this.load.next(performance.now());
      if (!frame) return;
      this.send(frame);
    }
  }

  private receive(chunk: Uint8Array): void {
    const timeNs = clockNs();
    const { frames, failure } = this.reader.push(chunk);
    const { length } = this.frames;
    this.read += chunk.length;
    for (const bytes of frames) {
      const frame: TimedFrame = { timeNs, direction: 'from guest', bytes };
      this.keep(this.frames, frame);
      if (this.faults) this.through(this.faults, frame);
      else this.deliver(frame);
    }
    this.failure ??= failure;
    this.pump();
    // A load says nothing: who waits for the guest's next word waits on.
    if (!this.load || this.frames.length !== length || this.failure !== null) this.onFrame();
  }

  /** A frame from the guest has come to the host's end. */
  private deliver(frame: TimedFrame): void {
    if (this.faulty) this.keep(this.atWitness, frame);
    const { bytes } = frame;
    if (this.load?.claims(bytes, 'from guest')) {
      this.load.take(bytes, performance.now());
      return;
    }
    // A guest that asks faster than it listens gets no answers: they would pile up here.
    if (this.nic.writableNeedDrain) return;
    const reply = answer(bytes, this.host);
    if (reply) this.send(reply);
  }

  private send(bytes: Uint8Array): void {
    const frame: TimedFrame = { timeNs: clockNs(), direction: 'to guest', bytes };
    if (this.faulty) this.keep(this.atWitness, frame);
    if (this.faults) this.through(this.faults, frame);
    else this.transmit(frame);
  }

  private transmit(frame: TimedFrame): void {
    this.keep(this.frames, frame);
    this.nic.write(encodeFrame(frame.bytes));
  }

  private through(faults: Faults, frame: TimedFrame): void {
    for (const one of faults.take(frame)) this.emerge(one);
    this.waitForHeld();
  }

  /** Out of the faults, at the other end. */
  private emerge(frame: TimedFrame): void {
    if (frame.direction === 'from guest') this.deliver(frame);
    else if (!this.nic.destroyed) this.transmit(frame);
  }

  private waitForHeld(): void {
    const dueNs = this.faults?.dueNs ?? null;
    if (dueNs === null || (this.timer && this.timer.dueNs <= dueNs)) return;
    this.clearTimer();
    const ms = Math.max(1, Math.ceil(Number(dueNs - clockNs()) / 1e6));
    const handle = setTimeout(() => {
      this.timer = null;
      for (const frame of this.faults?.release(clockNs()) ?? []) this.emerge(frame);
      this.waitForHeld();
      this.onFrame();
    }, ms).unref();
    this.timer = { dueNs, handle };
  }

  private clearTimer(): void {
    if (this.timer) clearTimeout(this.timer.handle);
    this.timer = null;
  }

  private keep(list: TimedFrame[], frame: TimedFrame): void {
    if (this.load?.claims(frame.bytes, frame.direction)) {
      if (list !== this.frames) return;
      this.unkept.frames += 1;
      this.unkept.bytes += frame.bytes.length;
      return;
    }
    this.kept += frame.bytes.length + COST_EACH;
    if (this.kept > this.keptBytes) {
      this.failure ??= `the guest sent more than ${this.keptBytes} bytes, the rest was not kept`;
    }
    if (this.failure === null) list.push(frame);
  }
}

const origin = BigInt(Math.round(performance.timeOrigin * 1000)) * 1000n;

/** Wall clock in nanoseconds since 1970, never running backwards within a process. */
export function clockNs(): bigint {
  return origin + BigInt(Math.round(performance.now() * 1000)) * 1000n;
}

/** The same, or another time of it, in milliseconds. */
export function clockMs(timeNs = clockNs()): number {
  return Number(timeNs / 1000n) / 1000;
}
