import type { NetconsoleEvent } from '../../netconsole/event.ts';
import { decodeEscapes } from '../../netconsole/escape.ts';
import { NetconsoleReceiver } from '../../netconsole/receiver.ts';
import { readLogLines } from '../../oops/log-line.ts';
import { shownText } from '../../printk/byte-string.ts';
import { safe } from '../../printk/safe.ts';
import { markOf, missingMark, renderMark } from '../marks.ts';
import { type CrashSeen, CrashWatch, type HeardLine } from './crash-watch.ts';

/** What came from a sender, and what didn't. */
export interface SenderCounts {
  datagrams: number;
  bytes: number;
  /** Whole records of the extended format, and lines of the basic one. */
  records: number;
  /** Records that never came, by their numbers. */
  missing: number;
  /** Records of which only a part came. */
  torn: number;
  doubled: number;
  /** Datagrams that were no netconsole's, or that contradict what came before. */
  refused: number;
  /** Times that it began anew. */
  boots: number;
  crashes: number;
}

/** What is to be told of it now. */
export interface Told {
  /** Lines for the log, each with its newline; whatever the sender wrote, no terminal obeys it. */
  text: string;
  crashes: CrashSeen[];
  /** What the datagrams came to, where it was asked for. */
  events: NetconsoleEvent[];
}

/** A line that has no end is one all the same after so many characters, or so many milliseconds. */
const LONGEST_LINE = 16 * 1024;
const PATIENCE_MS = 1000;
/** Marks before one line of a report, in characters: a flood of doubles must not fill it. */
const MOST_MARKS = 1024;

/**
 * One machine that sends: its datagrams become lines in the order they were logged in, with a mark wherever something is
 * missing, and crash reports. No I/O, no clock: times are the caller's, in milliseconds, and do not go back.
 */
export class Sender {
  readonly counts: SenderCounts = {
    datagrams: 0,
    bytes: 0,
    records: 0,
    missing: 0,
    torn: 0,
    doubled: 0,
    refused: 0,
    boots: 0,
    crashes: 0,
  };
  readonly #receiver = new NetconsoleReceiver();
  readonly #watch = new CrashWatch();
  /** Of the basic format: a line whose end has not come. */
  #open = '';
  #openMs = 0;
  #lost = 0;
  /** What stands in the log since the last line, for the report that the next one may be of. */
  #marks = '';
  #text = '';
  #crashes: CrashSeen[] = [];
  #events: NetconsoleEvent[] = [];
  readonly #keepsEvents: boolean;

  constructor({ events = false }: { events?: boolean } = {}) {
    this.#keepsEvents = events;
  }

  /** Whether what came last ends a panic. */
  get dead(): boolean {
    return this.#watch.dead;
  }

  receive(payload: Uint8Array, nowMs: number): void {
    this.counts.datagrams += 1;
    this.counts.bytes += payload.length;
    for (const event of this.#receiver.receive(payload, nowMs)) this.#tell(event, nowMs);
  }

  /** Gives up what was waited for too long. Call it now and then while nothing arrives. */
  advance(nowMs: number): void {
    for (const event of this.#receiver.advance(nowMs)) this.#tell(event, nowMs);
    if (this.#open !== '' && nowMs - this.#openMs >= PATIENCE_MS) this.#endLine(nowMs);
    this.#see(this.#watch.advance(nowMs));
  }

  /** Nothing more will come. */
  finish(nowMs: number): void {
    for (const event of this.#receiver.finish()) this.#tell(event, nowMs);
    if (this.#open !== '') this.#endLine(nowMs);
    this.#see(this.#watch.finish());
  }

  /** What there is to be told since the last time. */
  take(): Told {
    const told = { text: this.#text, crashes: this.#crashes, events: this.#events };
    this.#text = '';
    this.#crashes = [];
    this.#events = [];
    return told;
  }

  #tell(event: NetconsoleEvent, nowMs: number): void {
    const { counts } = this;
    if (this.#keepsEvents) this.#events.push(event);
    switch (event.kind) {
      case 'record': {
        const { text, timestampUs, caller = null, lastMs } = event.record;
        counts.records += 1;
        for (const line of shownText(text).split('\n')) this.#line(line, timestampUs, caller, lastMs);
        break;
      }
      case 'basic':
        this.#basic(event.text, nowMs);
        break;
      case 'gap':
        counts.missing += event.to - event.from + 1;
        this.#lost += event.to - event.from + 1;
        break;
      case 'fragment-lost':
        counts.torn += 1;
        this.#lost += 1;
        break;
      case 'duplicate':
        counts.doubled += 1;
        break;
      case 'conflict':
      case 'late':
      case 'refused':
      case 'malformed':
        counts.refused += 1;
        break;
      case 'reset':
        counts.boots += 1;
        this.#see(this.#watch.finish());
    }
    this.#mark(event);
  }

  #line(text: string, timestampUs: number, caller: string | null, nowMs: number): void {
    const seconds = Math.floor(timestampUs / 1_000_000);
    const micros = timestampUs - seconds * 1_000_000;
    const by = caller === null ? '' : `[${clean(caller).padStart(5)}] `;
    const shown = `[${String(seconds).padStart(5)}.${String(micros).padStart(6, '0')}] ${by}${clean(text)}\n`;
    this.#hear({ text, caller, stamped: true, time: timestampUs / 1_000_000, shown }, nowMs);
  }

  #hear(line: HeardLine, nowMs: number): void {
    this.#text += line.shown;
    if (this.#lost > 0 || this.#marks !== '') this.#behindMarks(line);
    this.#see(this.#watch.take(line, nowMs));
  }

  #behindMarks(line: HeardLine): void {
    const lost = this.#lost;
    const short = lost > 0 ? renderMark(missingMark(lost)) : '';
    line.shown = `${this.#marks.length > MOST_MARKS ? short : this.#marks}${line.shown}`;
    if (lost > 0) line.lostBefore = lost;
    this.#lost = 0;
    this.#marks = '';
  }

  #basic(text: string, nowMs: number): void {
    const parts = text.split('\n');
    const rest = parts.pop() ?? '';
    for (const part of parts) {
      this.#open += part;
      this.#endLine(nowMs);
    }
    if (rest === '') return;
    this.#open += rest;
    this.#openMs = nowMs;
    if (this.#open.length > LONGEST_LINE) this.#endLine(nowMs);
  }

  #endLine(nowMs: number): void {
    const text = shownText(this.#open);
    this.#open = '';
    this.counts.records += 1;
    for (const [at, line] of readLogLines(text).entries())
      this.#hear({ ...line, shown: at === 0 ? `${clean(text)}\n` : '' }, nowMs);
  }

  #mark(event: NetconsoleEvent): void {
    const mark = markOf(event);
    if (mark === null) return;
    let lines = renderMark(clean(shownText(mark).trimEnd()));
    if (event.kind === 'fragment-lost') {
      const there = event.pieces.map((piece) => decodeEscapes(piece.bytes).text).join(' … ');
      for (const line of shownText(there).trimEnd().split('\n')) lines += `${clean(line)}\n`;
    }
    this.#text += lines;
    if (this.#marks.length <= MOST_MARKS) this.#marks += lines;
  }

  #see(seen: readonly CrashSeen[]): void {
    for (const one of seen) {
      if (!one.again) this.counts.crashes += one.log.crashes.length;
      this.#crashes.push(one);
    }
  }
}

/** A tab is harmless, and the kernel's own. */
const HARMLESS = /^[\t\x20-\x7e]*$/;

function clean(text: string): string {
  return HARMLESS.test(text) ? text : text.split('\t').map(safe).join('\t');
}
