/** Where to listen. */
export interface Place {
  address: string;
  port: number;
}

/** A sender as the sockets see it. */
export interface SenderName {
  address: string;
  port: number;
}

/** Senders at the same time; one more takes the place of whoever has been silent the longest. */
export const MOST_SENDERS = 512;
/** Only who has been silent for so long gives up its place, in milliseconds. */
export const IDLE_MS = 60_000;
/**
 * Bytes that came and are not dealt with yet: who brings more than `sender` at once waits on the disk with it, `disk` at
 * most for all of them; more than that, and more than `all` in memory, is lost on the host, and counted.
 */
export const MOST_WAITING = { sender: 1 << 20, all: 64 << 20, disk: 512 << 20 };

/**
 * What the thread and the listener both count, as 32-bit numbers: bytes waiting of all, datagrams that found no place
 * among the senders, then of each sender the bytes that wait and the datagrams that were thrown away.
 */
export const SHARED = { waiting: 0, crowdedOut: 1, senders: 2 };
export const SHARED_WORDS = SHARED.senders + 2 * MOST_SENDERS;

export interface ThreadData {
  places: Place[];
  shared: SharedArrayBuffer;
  /** Where a flood may wait on the disk. */
  spoolFolder: string;
}

/** Datagrams in the order they came. */
export interface Batch {
  /** All payloads, one after the other. */
  bytes: Uint8Array;
  /** Of each datagram its length, its sender's number and when it came, in milliseconds since 1970. */
  lengths: Uint32Array;
  senders: Uint16Array;
  times: Float64Array;
}

export type FromThread =
  | { type: 'bound'; places: Place[] }
  | { type: 'failed'; place: Place; code: string; message: string }
  /** From now on this number is that sender's. */
  | { type: 'sender'; number: number; name: SenderName }
  | { type: 'batch'; batch: Batch };

export type ToThread = { type: 'close' };
