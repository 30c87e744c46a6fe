import type { NetconsoleEvent } from '../../netconsole/event.ts';
import { decodeEscapes } from '../../netconsole/escape.ts';
import { NetconsoleReceiver } from '../../netconsole/receiver.ts';
import { readLogLines } from '../../oops/log-line.ts';
import { shownText } from '../../printk/byte-string.ts';
import { safe } from '../../printk/safe.ts';
import { type CrashSeen, CrashWatch } from './crash-watch.ts';

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
      case 'gap': {
        const missing = event.to - event.from + 1;
        counts.missing += missing;
        this.#lost += missing;
        this.#mark(
          `${records(missing)} missing (${event.from === event.to ? '' : `${event.from} to `}${event.to})`,
        );
        break;
      }
      case 'fragment-lost': {
        counts.torn += 1;
        this.#lost += 1;
        const { sequence, total, missing, pieces } = event;
        const bytes = missing.reduce((sum, { start, end }) => sum + end - start, 0);
        this.#mark(`record ${sequence} is torn, ${bytes} of its ${total} bytes are missing`);
        const there = pieces.map((piece) => decodeEscapes(piece.bytes).text).join(' … ');
        for (const line of shownText(there).trimEnd().split('\n')) this.#text += `${clean(line)}\n`;
        break;
      }
      case 'duplicate':
        counts.doubled += 1;
        this.#mark(`record ${event.sequence} came twice`);
        break;
      case 'conflict':
      case 'late':
        counts.refused += 1;
        this.#mark(
          `record ${event.sequence} ${event.kind === 'late' ? 'came too late' : `came again, and ${event.why}`}: ${shownText(event.datagram.body).trimEnd()}`,
        );
        break;
      case 'reset':
        counts.boots += 1;
        this.#mark(`it booted anew: record ${event.last}, then ${event.first}`);
        break;
      case 'refused':
      case 'malformed':
        counts.refused += 1;
        this.#mark(`a datagram was refused: ${event.reason}`);
    }
  }

  #line(text: string, timestampUs: number, caller: string | null, nowMs: number): void {
    const seconds = Math.floor(timestampUs / 1_000_000);
    const micros = timestampUs - seconds * 1_000_000;
    const by = caller === null ? '' : `[${clean(caller).padStart(5)}] `;
    this.#text += `[${String(seconds).padStart(5)}.${String(micros).padStart(6, '0')}] ${by}${clean(text)}\n`;
    const lost = this.#lost;
    this.#lost = 0;
    const line = {
      text,
      caller,
      stamped: true,
      time: timestampUs / 1_000_000,
      ...(lost > 0 && { lostBefore: lost }),
    };
    this.#see(this.#watch.take(line, nowMs));
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
    this.#text += `${clean(text)}\n`;
    for (const line of readLogLines(text)) this.#see(this.#watch.take(line, nowMs));
  }

  #mark(text: string): void {
    this.#text += `── ${clean(text)} ──\n`;
  }

  #see(seen: readonly CrashSeen[]): void {
    for (const one of seen) {
      this.counts.crashes += one.log.crashes.length;
      this.#crashes.push(one);
    }
  }
}

const records = (count: number) => (count === 1 ? '1 record' : `${count} records`);

/** A tab is harmless, and the kernel's own. */
const HARMLESS = /^[\t\x20-\x7e]*$/;

function clean(text: string): string {
  return HARMLESS.test(text) ? text : text.split('\t').map(safe).join('\t');
}
