import { type LogLine, secondsOf } from '../oops/log-line.ts';

/** So many lines of a log are remembered, the newest, and as many before them. */
const MOST_LINES = 50_000;
/** Of the lines of the log with fewer, two of the same boot share at least this part, and so many. */
const SHARED = { part: 0.5, lines: 3 };

/**
 * By which a log is known to be of the same boot as another: lines that say the same at the same microsecond of the
 * kernel's own clock. Those before that clock runs say nothing.
 */
export class Boot {
  #older = new Set<number>();
  #newer = new Set<number>();
  /** Of its first line; null as long as none says when. */
  firstSeconds: number | null = null;

  take(line: LogLine): void {
    const seconds = secondsOf(line);
    if (!seconds) return;
    this.firstSeconds ??= seconds;
    this.#newer.add(hash(Math.round(seconds * 1_000_000), line.text));
    if (this.#newer.size < MOST_LINES) return;
    this.#older = this.#newer;
    this.#newer = new Set();
  }

  isThatOf(other: Boot): boolean {
    const shared = [...this.#older, ...this.#newer].filter((one) => other.#has(one)).length;
    return shared >= Math.max(SHARED.lines, SHARED.part * Math.min(this.#size, other.#size));
  }

  get #size(): number {
    return this.#older.size + this.#newer.size;
  }

  #has(line: number): boolean {
    return this.#newer.has(line) || this.#older.has(line);
  }
}

const MOST_HASHED = 64;

/** FNV-1a, 32 bits, of the time and the first words: what is the same by chance is not the half. */
function hash(atUs: number, text: string): number {
  let value = Math.imul(0x811c9dc5 ^ Math.floor(atUs / 2 ** 32), 0x01000193);
  value = Math.imul(value ^ atUs, 0x01000193);
  const length = Math.min(MOST_HASHED, text.trimEnd().length);
  for (let at = 0; at < length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value;
}
