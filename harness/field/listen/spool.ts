import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Batch } from './thread-messages.ts';

/** Where a batch lies in the file: bytes and datagrams. */
interface Place {
  offset: number;
  bytes: number;
  count: number;
}

/**
 * Batches that wait on the disk, first in, first out: what a flood brings is dealt with when it is over. The file has no
 * name, so that none is left behind.
 */
export class Spool {
  readonly #folder: string;
  readonly #mostBytes: number;
  #descriptor: number | undefined;
  #places: Place[] = [];
  #next = 0;
  #end = 0;

  constructor(folder: string, mostBytes: number) {
    this.#folder = folder;
    this.#mostBytes = mostBytes;
  }

  get empty(): boolean {
    return this.#next === this.#places.length;
  }

  /** That it takes up on the disk. */
  get bytes(): number {
    return this.#end;
  }

  /** False where there is no room: the bound is reached, or the disk takes no more. */
  write({ bytes, lengths, senders, times }: Batch): boolean {
    if (this.#end + bytes.length > this.#mostBytes) return false;
    const parts = [times, lengths, senders, bytes].map(bytesOf);
    const whole = Buffer.concat(parts);
    try {
      this.#descriptor ??= openNameless(this.#folder);
      for (let done = 0; done < whole.length;)
        done += writeSync(this.#descriptor, whole, done, whole.length - done, this.#end + done);
    } catch {
      return false;
    }
    this.#places.push({ offset: this.#end, bytes: bytes.length, count: lengths.length });
    this.#end += whole.length;
    return true;
  }

  /** The oldest batch; null where there is none, or where the disk does not give it back. */
  read(): Batch | null {
    const place = this.#places[this.#next];
    if (place === undefined || this.#descriptor === undefined) return null;
    this.#next += 1;
    const { offset, bytes, count } = place;
    const batch = {
      times: new Float64Array(count),
      lengths: new Uint32Array(count),
      senders: new Uint16Array(count),
      bytes: new Uint8Array(bytes),
    };
    let at = offset;
    for (const part of [batch.times, batch.lengths, batch.senders, batch.bytes].map(bytesOf)) {
      if (readSync(this.#descriptor, part, 0, part.length, at) < part.length) return null;
      at += part.length;
    }
    if (this.empty) this.#clear(this.#descriptor);
    return batch;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #clear(descriptor: number): void {
    ftruncateSync(descriptor);
    this.#places = [];
    this.#next = 0;
    this.#end = 0;
  }
}

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
