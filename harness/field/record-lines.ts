import { RECEIVER_BOUNDS } from '../netconsole/bounds.ts';
import type { NetconsoleEvent } from '../netconsole/event.ts';
import { type LogLine, readLogLines } from '../oops/log-line.ts';
import { shownText } from '../printk/byte-string.ts';
import { type Transport, TransportTally } from './transport.ts';

/** A line of the basic format is no longer: Linux keeps less than 128 KiB of one. */
const LONGEST = RECEIVER_BOUNDS.maxRecordBytes;

/** What a receiver says, as lines of a log: what is missing stands before the next line. */
export class RecordLines {
  readonly #tally = new TransportTally();
  #numbered = false;
  #lost = 0;
  /** Of the basic format: a line whose end has not come. */
  #open = '';

  of(events: readonly NetconsoleEvent[]): LogLine[] {
    return events.flatMap((event) => this.#ofOne(event));
  }

  finish(): LogLine[] {
    return this.#open === '' ? [] : readLogLines(shownText(this.#open));
  }

  /** One came that can't be read, or only in part. */
  lose(): void {
    this.#lost += 1;
  }

  /** null as long as no record with a number came. */
  get transport(): Transport | null {
    return this.#numbered ? this.#tally.transport : null;
  }

  #ofOne(event: NetconsoleEvent): LogLine[] {
    this.#numbered ||= event.kind !== 'basic';
    this.#tally.take(event);
    if (event.kind === 'gap') this.#lost += event.to - event.from + 1;
    if (event.kind === 'fragment-lost') this.#lost += 1;
    if (event.kind === 'basic') return this.#basic(event.text);
    if (event.kind !== 'record') return [];
    const { text, caller = null, timestampUs } = event.record;
    const time = timestampUs / 1_000_000;
    return shownText(text)
      .split('\n')
      .map((line) => this.#behindLoss({ text: line, caller, stamped: true, time }));
  }

  #behindLoss(line: LogLine): LogLine {
    const lostBefore = this.#lost;
    this.#lost = 0;
    return lostBefore > 0 ? { ...line, lostBefore } : line;
  }

  #basic(text: string): LogLine[] {
    const parts = (this.#open + text).split('\n');
    this.#open = parts.pop() ?? '';
    if (this.#open.length > LONGEST) {
      parts.push(this.#open);
      this.#open = '';
    }
    return parts.flatMap((part) => readLogLines(shownText(part)).map((line) => this.#behindLoss(line)));
  }
}
