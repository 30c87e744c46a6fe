import type { Readable } from 'node:stream';
import { clockMs, KEPT_BYTES } from '../wire/segment.ts';

/** Text grows in pieces of this size: appending to them and reading the end of them stays cheap. */
const PIECE = 1 << 16;

/** How much of a console was there at a moment of this host's clock, in milliseconds since 1970. */
export interface SerialMark {
  length: number;
  atMs: number;
}

/** No finer: a console comes byte by byte. */
const MARK_MS = 0.5;

/** What came from the guest's console, as it came. */
export class SerialLog {
  /** Characters kept. */
  length = 0;
  /** When it came, in order. */
  readonly marks: SerialMark[] = [];
  /** Set when the guest said more than is kept: from there on nothing is known. */
  failure: string | null = null;
  private readonly pieces: string[] = [''];
  /** When the newest mark was begun. */
  private markedMs = -Infinity;

  constructor(channel: Readable, onData: () => void, keptBytes = KEPT_BYTES) {
    channel.setEncoding('latin1');
    channel.on('data', (text: string) => {
      if (this.length + text.length > keptBytes) {
        this.failure ??= `the console said more than ${keptBytes} bytes, the rest was not kept`;
      }
      if (this.failure === null) this.append(text);
      onData();
    });
  }

  /** Everything from this character on, a byte string. */
  text(from = 0): string {
    const wanted: string[] = [];
    let start = this.length;
    for (let at = this.pieces.length - 1; at >= 0 && start > from; at--) {
      const piece = this.pieces[at] ?? '';
      wanted.unshift(piece);
      start -= piece.length;
    }
    return wanted.join('').slice(Math.max(0, from - start));
  }

  /** The last `count` characters. */
  tail(count: number): string {
    return this.text(Math.max(0, this.length - count));
  }

  private append(text: string): void {
    this.length += text.length;
    this.mark(clockMs());
    const last = this.pieces.length - 1;
    const piece = this.pieces[last] ?? '';
    if (piece.length < PIECE) this.pieces[last] = piece + text;
    else this.pieces.push(text);
  }

  /** Nothing is told sooner than it was there. */
  private mark(atMs: number): void {
    if (atMs - this.markedMs < MARK_MS) this.marks.pop();
    else this.markedMs = atMs;
    this.marks.push({ length: this.length, atMs });
  }
}
