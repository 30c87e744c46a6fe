/** What a receiver keeps and how long it waits. */
export interface ReceiverBounds {
  /**
   * How far the sequence may run ahead of a missing number before that is lost; also how many delivered
   * records are remembered to tell a duplicate. UDP on one wire reorders a few packets, bonds some hundred.
   */
  reorderWindow: number;
  /** How long a missing number or fragment is waited for, in milliseconds after the next sign of life. */
  patienceMs: number;
  /** Memory for what waits for its turn, in bytes. Over it, the oldest is given up first. */
  maxPendingBytes: number;
  /** Memory for delivered records, in bytes. Over it, a duplicate of the oldest is only called late. */
  maxRememberedBytes: number;
  /**
   * Longest body a fragment may claim, in bytes; over it, it is refused. The kernel's longest is near 75 KiB:
   * 256 userdata items of 256 bytes, four of sysdata, 8 KiB of message (2 KiB on newer kernels).
   */
  maxRecordBytes: number;
}

export const RECEIVER_BOUNDS: ReceiverBounds = {
  reorderWindow: 1024,
  patienceMs: 1000,
  maxPendingBytes: 4 * 1024 * 1024,
  maxRememberedBytes: 4 * 1024 * 1024,
  maxRecordBytes: 128 * 1024,
};
