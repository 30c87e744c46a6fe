/** Which way a frame goes. */
export type Direction = 'from guest' | 'to guest';

/** A frame on the wire, with the host's clock when it was read or written. */
export interface TimedFrame {
  /** Nanoseconds since 1970. */
  timeNs: bigint;
  direction: Direction;
  bytes: Uint8Array;
}
