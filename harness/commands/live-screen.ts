const UP = (lines: number) => (lines === 0 ? '' : `\u001B[${lines}F`);
const CLEAR_BELOW = '\u001B[J';

/** A table at the foot of a terminal, and lines that go by above it. */
export class LiveScreen {
  readonly #stream: NodeJS.WriteStream;
  #shown: readonly string[] = [];

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Lines above the table, each with its newline. Gives whether the terminal takes more. */
  say(text: string): boolean {
    return this.#stream.write(`${this.#erase()}${text}${this.#table()}`);
  }

  draw(lines: readonly string[]): void {
    const erase = this.#erase();
    this.#shown = lines;
    this.#stream.write(`${erase}${this.#table()}`);
  }

  #erase(): string {
    return UP(this.#shown.length) + CLEAR_BELOW;
  }

  #table(): string {
    return this.#shown.map((line) => `${line}\n`).join('');
  }
}
