import { join } from './network-order.ts';

/** The largest frame QEMU ever sends: 64 KiB of segmentation offload and room for headers (`NET_BUFSIZE`). */
export const LARGEST_FRAME = 4096 + 65_536;
const LENGTH_BYTES = 4;

/** What a chunk completed. After a failure the stream has no frames any more: nobody knows where one starts. */
export interface FramesRead {
  frames: Uint8Array[];
  failure: string | null;
}

/**
 * Takes apart QEMU's `-netdev stream`: 4 bytes of length, most significant first, then the Ethernet frame.
 * Each byte is copied once, into memory of its frame's own, so the caller may reuse a chunk at once.
 */
export class FrameReader {
  #length = 0;
  #lengthBytes = 0;
  #frame: Uint8Array | null = null;
  #filled = 0;
  #failure: string | null = null;

  push(chunk: Uint8Array): FramesRead {
    const frames: Uint8Array[] = [];
    let offset = 0;
    while (offset < chunk.length && this.#failure === null) {
      if (this.#frame === null) {
        this.#takeLengthByte(chunk[offset] ?? 0);
        offset += 1;
        continue;
      }
      const part = chunk.subarray(offset, offset + this.#frame.length - this.#filled);
      this.#frame.set(part, this.#filled);
      this.#filled += part.length;
      offset += part.length;
      if (this.#filled === this.#frame.length) {
        frames.push(this.#frame);
        this.#frame = null;
      }
    }
    return { frames, failure: this.#failure };
  }

  /** The stream stopped inside a frame (or inside its length), as a killed QEMU leaves it. */
  get insideFrame(): boolean {
    return this.#frame !== null || this.#lengthBytes > 0;
  }

  #takeLengthByte(byte: number): void {
    this.#length = this.#length * 256 + byte;
    this.#lengthBytes += 1;
    if (this.#lengthBytes < LENGTH_BYTES) return;
    if (this.#length === 0 || this.#length > LARGEST_FRAME) {
      this.#failure = `the peer announced a frame of ${this.#length} bytes, 1 to ${LARGEST_FRAME} are possible`;
    } else {
      this.#frame = new Uint8Array(this.#length);
    }
    this.#length = 0;
    this.#lengthBytes = 0;
    this.#filled = 0;
  }
}

/** `frame` as QEMU's `-netdev stream` wants it. Throws a `RangeError` for one that QEMU would refuse. */
export function encodeFrame(frame: Uint8Array): Uint8Array {
  if (frame.length === 0 || frame.length > LARGEST_FRAME) {
    throw new RangeError(`a frame of ${frame.length} bytes cannot be sent, 1 to ${LARGEST_FRAME} can`);
  }
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, frame.length);
  return join(length, frame);
}
