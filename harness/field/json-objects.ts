/** No entry of a log comes near it. */
const LONGEST = 1 << 20;
/** What has other objects in it is no entry where it is longer, but a list of them. */
const LONGEST_OUTER = 1 << 16;

/**
 * Finds the objects in JSON, inner ones first, piece by piece: a line each, an array of them, over many lines, each behind
 * `data: ` or a record separator. What is torn costs no more than the object it tore; one that is too long, itself.
 */
export class JsonObjects {
  /** Since the outermost object that is open. */
  #text = '';
  /** Where in it each open object begins. */
  #starts: number[] = [];
  #isInText = false;
  #escapes = false;
  /** Index in the piece of the character that a backslash stands before. */
  #escapedAt = 0;

  take(piece: string): string[] {
    const found: string[] = [];
    let from = 0;
    for (const { index, 0: mark } of piece.matchAll(/["\\{}\n]/g)) {
      const isEscaped = this.#escapes && index === this.#escapedAt;
      this.#escapes = false;
      if (isEscaped) continue;
      if (mark === '\\') {
        this.#escapes = this.#isInText;
        this.#escapedAt = index + 1;
      } else if (mark === '\n') {
        // No text has one in it: what is open was torn.
        if (this.#isInText) this.#starts = [];
        this.#isInText = false;
      } else if (mark === '"') {
        this.#isInText = this.#starts.length > 0 && !this.#isInText;
      } else if (!this.#isInText && mark === '{') {
        this.#text = this.#starts.length === 0 ? '' : this.#text + piece.slice(from, index);
        from = index;
        this.#starts.push(this.#text.length);
      } else if (!this.#isInText) {
        const start = this.#starts.pop();
        if (start === undefined) continue;
        this.#text += piece.slice(from, index + 1);
        from = index + 1;
        found.push(this.#text.slice(start));
        if (this.#text.length > LONGEST_OUTER) this.#starts = [];
      }
      this.#shorten();
    }
    this.#escapedAt -= piece.length;
    if (this.#starts.length > 0) this.#text += piece.slice(from);
    this.#shorten();
    return found;
  }

  /** The outermost object is given up first: what is in it may be short. */
  #shorten(): void {
    while (this.#starts.length > 0 && this.#text.length > LONGEST) {
      this.#starts.shift();
      const [start = this.#text.length] = this.#starts;
      this.#text = this.#text.slice(start);
      this.#starts = this.#starts.map((each) => each - start);
    }
    if (this.#starts.length === 0) {
      this.#text = '';
      this.#isInText = false;
    }
  }
}
