import { RECEIVER_BOUNDS } from '../netconsole/bounds.ts';
import type { NetconsoleEvent } from '../netconsole/event.ts';
import { type LogLine, readLogLines } from '../oops/log-line.ts';
import { shownText } from '../printk/byte-string.ts';

/** A line of the basic format is no longer: Linux keeps less than 128 KiB of one. */
const LONGEST = RECEIVER_BOUNDS.maxRecordBytes;

/** What a receiver says, as lines of a log: what is missing stands before the next line. */
export class RecordLines {
  #lost = 0;
  /** Of the basic format: a line whose end has not come. */
  #open = '';

  of(events: readonly NetconsoleEvent[]): LogLine[] {
    return events.flatMap((event) => this.#ofOne(event));
  }

  finish(): LogLine[] {
    return this.#open === '' ? [] : readLogLines(shownText(this.#open));
  }

  #ofOne(event: NetconsoleEvent): LogLine[] {
    if (event.kind === 'gap') this.#lost += event.to - event.from + 1;
    if (event.kind === 'fragment-lost') this.#lost += 1;
    if (event.kind === 'basic') return this.#basic(event.text);
    if (event.kind !== 'record') return [];
    const { text, caller = null } = event.record;
    return shownText(text)
      .split('\n')
      .map((line) => {
        const lost = this.#lost;
        this.#lost = 0;
        return { text: line, caller, stamped: true, ...(lost > 0 && { lostBefore: lost }) };
      });
  }

  #basic(text: string): LogLine[] {
    const parts = (this.#open + text).split('\n');
    this.#open = parts.pop() ?? '';
    if (this.#open.length > LONGEST) {
      parts.push(this.#open);
      this.#open = '';
    }
    return parts.flatMap((part) => readLogLines(shownText(part)));
  }
}
