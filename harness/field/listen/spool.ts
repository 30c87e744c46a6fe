import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writevSync } from 'node:fs';
import path from 'node:path';
import type { Batch } from './thread-messages.ts';

/** Where a batch lies in the file: bytes and datagrams. */
interface Place {
  offset: number;
  /** Of the whole batch, and of its payloads alone. */
  size: number;
  bytes: number;
  count: number;
}

/**
 * Batches that wait on the disk, first in, first out, in a ring: what a flood brings is dealt with when it is over. The
 * file has no name, so that none is left behind.
 */
export class Spool {
  readonly #folder: string;
  readonly #mostBytes: number;
  #descriptor: number | undefined;
  #places: Place[] = [];
  /** The oldest of them, and where the next one goes. */
  #oldest = 0;
  #end = 0;
  #bytes = 0;

  constructor(folder: string, mostBytes: number) {
    this.#folder = folder;
    this.#mostBytes = mostBytes;
  }

  get empty(): boolean {
    return this.#oldest === this.#places.length;
  }

  /** What waits. */
  get bytes(): number {
    return this.#bytes;
  }

  /** False where there is no room: the bound is reached, or the disk takes no more. */
  write({ bytes, lengths, senders, times }: Batch): boolean {
    const parts = [times, lengths, senders, bytes];
    const size = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const offset = this.#roomFor(size);
    if (offset === null) return false;
    try {
      this.#descriptor ??= openNameless(this.#folder);
      // Only a disk that is full takes a part of it.
      if (writevSync(this.#descriptor, parts, offset) < size) return false;
    } catch {
      return false;
    }
    this.#places.push({ offset, size, bytes: bytes.length, count: lengths.length });
    this.#end = offset + size;
    this.#bytes += size;
    return true;
  }

  /** The oldest batch; null where there is none. Throws where the disk does not give it back. */
  read(): Batch | null {
    const place = this.#places[this.#oldest];
    if (place === undefined || this.#descriptor === undefined) return null;
    const { offset, size, bytes, count } = place;
    const batch = {
      times: new Float64Array(count),
      lengths: new Uint32Array(count),
      senders: new Uint16Array(count),
      bytes: new Uint8Array(bytes),
    };
    let at = offset;
    for (const part of [batch.times, batch.lengths, batch.senders, batch.bytes].map(bytesOf)) {
      if (readSync(this.#descriptor, part, 0, part.length, at) < part.length)
        throw new Error('datagrams that waited on the disk are gone from it');
      at += part.length;
    }
    this.#bytes -= size;
    this.#oldest += 1;
    if (this.empty) this.#clear(this.#descriptor);
    else if (this.#oldest === MOST_FORGOTTEN) this.#forget();
    return batch;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** Behind the newest, or before the oldest where that came to lie behind it. */
  #roomFor(size: number): number | null {
    const oldest = this.#places[this.#oldest]?.offset ?? 0;
    const wraps = !this.empty && oldest >= this.#end;
    if (wraps) return this.#end + size <= oldest ? this.#end : null;
    if (this.#end + size <= this.#mostBytes) return this.#end;
    return size <= oldest ? 0 : null;
  }

  #clear(descriptor: number): void {
    ftruncateSync(descriptor);
    this.#places = [];
    this.#oldest = 0;
    this.#end = 0;
  }

  #forget(): void {
    this.#places = this.#places.slice(this.#oldest);
    this.#oldest = 0;
  }
}

/** Places that were read and are still in the list. */
const MOST_FORGOTTEN = 1024;

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

function openNameless(folder: string): number {
  const own = mkdtempSync(path.join(folder, '.crashlab-spool-'));
  try {
    return openSync(path.join(own, 'datagrams'), 'wx+', 0o600);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}
