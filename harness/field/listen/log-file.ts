import { appendFile, open, rename, rm, stat } from 'node:fs/promises';
import { hostError } from '../../host/failure.ts';

/** When a log is begun anew, and how many old ones stay (`NAME.1` is the newest). */
export interface Rotation {
  /** Bytes. */
  size: number;
  /** Milliseconds since its first byte; Infinity: never. */
  age: number;
  keep: number;
}

/**
 * A log that is appended to, and rotated. What is appended waits for `flush`, which opens the file for itself: somebody
 * may move it away at any time, and the next one is a new file.
 */
export class LogFile {
  readonly path: string;
  readonly #rotation: Rotation;
  /** As bytes: what waits long would be looked through by the garbage collector again and again. */
  #waiting: Uint8Array[] = [];
  #size: number | undefined;
  #bornMs = 0;

  constructor(path: string, rotation: Rotation) {
    this.path = path;
    this.#rotation = rotation;
  }

  append(text: string): void {
    if (text !== '') this.#waiting.push(Buffer.from(text));
  }

  /** Writes what waits. Errors: the disk's. */
  async flush(nowMs: number): Promise<void> {
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    try {
      await this.#rotate(bytes.length, nowMs);
      await appendFile(this.path, bytes);
      this.#size = (this.#size ?? 0) + bytes.length;
    } catch (error) {
      throw hostError(error, `writing ${this.path}`);
    }
  }

  /** What was flushed is on the disk when this resolves. */
  async sync(): Promise<void> {
    try {
      await using file = await open(this.path, 'r+');
      await file.sync();
    } catch (error) {
      if (isMissing(error)) return;
      throw hostError(error, `writing ${this.path}`);
    }
  }

  /** Another may have taken the file away: what is there now counts. */
  reopen(): void {
    this.#size = undefined;
  }

  async #rotate(coming: number, nowMs: number): Promise<void> {
    const { size, age, keep } = this.#rotation;
    if (this.#size === undefined) {
      const there = await stat(this.path).catch(() => null);
      this.#size = there?.size ?? 0;
      this.#bornMs = there && there.size > 0 ? there.birthtimeMs : nowMs;
    }
    if (this.#size === 0 || (this.#size + coming <= size && nowMs - this.#bornMs < age)) return;
    await rm(`${this.path}.${keep}`, { force: true });
    for (let number = keep - 1; number >= 0; number -= 1) {
      const from = number === 0 ? this.path : `${this.path}.${number}`;
      await rename(from, `${this.path}.${number + 1}`).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    }
    if (keep === 0) await rm(this.path, { force: true });
    this.#size = 0;
    this.#bornMs = nowMs;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
