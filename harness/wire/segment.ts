import type { Duplex } from 'node:stream';
import { encodeFrame, FrameReader } from './framing.ts';
import { answer, type Host } from './responder.ts';

/** A frame on the wire, with the host's clock when it was read or written. */
export interface TimedFrame {
  /** Nanoseconds since 1970. */
  timeNs: bigint;
  direction: 'from guest' | 'to guest';
  bytes: Uint8Array;
}

/** How much of one guest a witness keeps: a hundred times the longest log, and no danger to the host. */
export const KEPT_BYTES = 64 << 20;
/** What a kept frame or datagram costs beside its bytes, about. */
export const COST_EACH = 200;

/**
 * The segment the guest's NIC is plugged into: reads QEMU's stream as fast as it comes, keeps every frame, and
 * answers as the one other host there (ARP, neighbour discovery, ping). Nothing is parsed here beyond that:
 * a reader that waits for a parser stalls the guest.
 */
export class Segment {
  readonly frames: TimedFrame[] = [];
  /** Set when the stream stopped making sense or was more than is kept; no frame after it is known. */
  failure: string | null = null;
  private readonly reader = new FrameReader();
  private readonly keptBytes: number;
  private kept = 0;

  constructor(nic: Duplex, host: Host, onFrame: () => void, keptBytes = KEPT_BYTES) {
    this.keptBytes = keptBytes;
    nic.on('data', (chunk: Uint8Array) => {
      const timeNs = clockNs();
      const { frames, failure } = this.reader.push(chunk);
      for (const bytes of frames) {
        this.keep({ timeNs, direction: 'from guest', bytes });
        // A guest that asks faster than it listens gets no answers: they would pile up here.
        if (nic.writableNeedDrain) continue;
        const reply = answer(bytes, host);
        if (!reply) continue;
        this.keep({ timeNs, direction: 'to guest', bytes: reply });
        nic.write(encodeFrame(reply));
      }
      this.failure ??= failure;
      onFrame();
    });
  }

  private keep(frame: TimedFrame): void {
    this.kept += frame.bytes.length + COST_EACH;
    if (this.kept > this.keptBytes) {
      this.failure ??= `the guest sent more than ${this.keptBytes} bytes, the rest was not kept`;
    }
    if (this.failure === null) this.frames.push(frame);
  }
}

const origin = BigInt(Math.round(performance.timeOrigin * 1000)) * 1000n;

/** Wall clock in nanoseconds since 1970, never running backwards within a process. */
export function clockNs(): bigint {
  return origin + BigInt(Math.round(performance.now() * 1000)) * 1000n;
}
