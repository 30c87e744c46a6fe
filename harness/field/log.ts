import type { LogLine } from '../oops/log-line.ts';
import { type Form, formOf } from './form.ts';
import { JsonLog, jsonOf } from './json.ts';
import { isRaw } from './records.ts';
import type { Transports } from './transport.ts';

/** A line is no longer than so many bytes: what is more of it is left out. */
const LONGEST_LINE = 64 * 1024;
/** What a log is, its first lines tell: so many, or so many bytes, whichever come first. */
const LOOKED_AT = { lines: 200, bytes: 1 << 20 };
/** Whether it is JSON, so many characters tell: that is not read by lines. */
const BEGINNING = 4096;

/**
 * Reads a kernel's log piece by piece: text with any prefixes, netconsole's extended records, the raw datagrams of
 * `crashlab listen`, the JSON of journald, of `dmesg --json` and of containers, journald's export. Holds a few MiB,
 * however long the log or a line of it is.
 */
export class LogReader {
  #form: Form | undefined;
  /** Until it is known whether it is JSON. */
  #beginning: string | null = '';
  #json: JsonLog | null = null;
  #isUnknown = false;
  #waiting: string[] = [];
  #waitingBytes = 0;
  /** The line whose end has not come, and whether its beginning is all that is kept. */
  #open = '';
  #isCut = false;

  /** The lines that are whole with this piece; `text` is a byte string. */
  take(text: string): LogLine[] {
    if (this.#json) return this.#json.take(text);
    if (this.#beginning === null) return this.#takeLines(text);
    this.#beginning += text;
    return this.#beginning.length < BEGINNING ? [] : this.#begin(this.#beginning);
  }

  /** What could not be read, a sentence each. */
  get problems(): string[] {
    const isUnknown = this.#json ? !this.#json.isKnown : this.#isUnknown;
    return [
      ...(isUnknown ? ['It is JSON of a form that is not known.'] : []),
      ...(this.#form?.problems ?? []),
    ];
  }

  /** What was lost on the way here, as far as it is read. */
  get transports(): Transports {
    return this.#form?.transports ?? new Map();
  }

  #begin(beginning: string): LogLine[] {
    this.#beginning = null;
    const json = isRaw(beginning.split('\n', 1)) ? null : jsonOf(beginning.slice(0, BEGINNING));
    this.#isUnknown = json === 'unknown';
    if (json !== 'known') return this.#takeLines(beginning);
    this.#json = new JsonLog();
    return this.#json.take(beginning);
  }

  #takeLines(text: string): LogLine[] {
    const parts = text.split('\n');
    const open = parts.pop() ?? '';
    const lines: string[] = [];
    for (const part of parts) {
      lines.push(this.#isCut ? this.#open : cutLine(this.#open + part));
      this.#open = '';
      this.#isCut = false;
    }
    if (!this.#isCut) {
      this.#open += open;
      this.#isCut = this.#open.length > LONGEST_LINE;
      if (this.#isCut) this.#open = cutLine(this.#open);
    }
    return this.#read(lines);
  }

  /** What waited for more. */
  finish(): LogLine[] {
    const begun = this.#beginning === null ? [] : this.#begin(this.#beginning);
    return [...begun, ...(this.#json ? this.#json.finish() : this.#finishLines())];
  }

  #finishLines(): LogLine[] {
    const last = this.#open === '' ? [] : [cutLine(this.#open)];
    const read = this.#read(last);
    this.#form ??= formOf(this.#waiting);
    const waiting = this.#waiting;
    this.#waiting = [];
    const form = this.#form;
    return [...read, ...waiting.flatMap((line) => form.take(line)), ...form.finish()];
  }

  #read(lines: readonly string[]): LogLine[] {
    if (this.#form) return readBy(this.#form, lines);
    for (const line of lines) {
      this.#waiting.push(line);
      this.#waitingBytes += line.length;
    }
    if (this.#waiting.length < LOOKED_AT.lines && this.#waitingBytes < LOOKED_AT.bytes) return [];
    this.#form = formOf(this.#waiting);
    const waiting = this.#waiting;
    this.#waiting = [];
    return readBy(this.#form, waiting);
  }
}

function readBy(form: Form, lines: readonly string[]): LogLine[] {
  const read: LogLine[] = [];
  for (const line of lines) for (const one of form.take(line)) read.push(one);
  return read;
}

function cutLine(line: string): string {
  const whole = line.endsWith('\r') ? line.slice(0, -1) : line;
  return whole.length > LONGEST_LINE ? whole.slice(0, LONGEST_LINE) : whole;
}

/** The lines of a whole log. */
export function readLogText(text: string): LogLine[] {
  const reader = new LogReader();
  return [...reader.take(text), ...reader.finish()];
}
