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

/**
 * The segment the guest's NIC is plugged into: reads QEMU's stream as fast as it comes, keeps every frame, and
 * answers as the one other host there (ARP, neighbour discovery, ping). Nothing is parsed here beyond that:
 * a reader that waits for a parser stalls the guest.
 */
export class Segment {
  readonly frames: TimedFrame[] = [];
  /** Set when the stream stopped making sense; no frame after it is known. */
  failure: string | null = null;
  private readonly reader = new FrameReader();
  private readonly onFrame: () => void;

  constructor(nic: Duplex, host: Host, onFrame: () => void) {
    this.onFrame = onFrame;
    nic.on('data', (chunk: Uint8Array) => {
      const timeNs = clockNs();
      const { frames, failure } = this.reader.push(chunk);
      this.failure ??= failure;
      for (const bytes of frames) {
        this.frames.push({ timeNs, direction: 'from guest', bytes });
        const reply = answer(bytes, host);
        if (!reply) continue;
        this.frames.push({ timeNs, direction: 'to guest', bytes: reply });
        nic.write(encodeFrame(reply));
      }
      this.onFrame();
    });
  }

  /** Forgets what was seen so far. */
  clear(): void {
    this.frames.length = 0;
  }
}

const origin = BigInt(Math.round(performance.timeOrigin * 1000)) * 1000n;

/** Wall clock in nanoseconds since 1970, never running backwards within a process. */
export function clockNs(): bigint {
  return origin + BigInt(Math.round(performance.now() * 1000)) * 1000n;
}
