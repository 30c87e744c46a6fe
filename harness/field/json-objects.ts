/** No entry of a log comes near it. */
const LONGEST = 1 << 20;

/**
 * Finds the objects in JSON that have no other object in them, piece by piece: a line each, an array of them, over many
 * lines, each behind `data: ` or a record separator. What is torn costs no more than the object it tore.
 */
export class JsonObjects {
  #open: string | null = null;
  #isInText = false;
  #escapes = false;

  take(piece: string): string[] {
    const found: string[] = [];
    let from = 0;
    for (const { index, 0: mark } of piece.matchAll(/["\\{}\n]/g)) {
      if (this.#escapes && index === this.#escapedAt) {
        this.#escapes = false;
        continue;
      }
      this.#escapes = false;
      if (mark === '\\') {
        this.#escapes = this.#isInText;
        this.#escapedAt = index + 1;
      } else if (mark === '\n') {
        // No text has one in it: this object was torn.
        if (this.#isInText) this.#open = null;
        this.#isInText = false;
      } else if (mark === '"') {
        this.#isInText = this.#open !== null && !this.#isInText;
      } else if (!this.#isInText && mark === '{') {
        this.#open = '';
        from = index;
      } else if (!this.#isInText && this.#open !== null) {
        found.push(this.#open + piece.slice(from, index + 1));
        this.#open = null;
      }
    }
    this.#escapedAt -= piece.length;
    if (this.#open !== null) this.#open += piece.slice(from);
    if (this.#open !== null && this.#open.length > LONGEST) this.#open = null;
    return found;
  }

  /** Index of the character that a backslash stands before. */
  #escapedAt = 0;
}
