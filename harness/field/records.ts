import { RECEIVER_BOUNDS } from '../netconsole/bounds.ts';
import type { NetconsoleEvent } from '../netconsole/event.ts';
import { NetconsoleReceiver } from '../netconsole/receiver.ts';
import { type LogLine, readLogLines } from '../oops/log-line.ts';
import { shownText } from '../printk/byte-string.ts';
import type { Form } from './form.ts';
import { type Transport, TransportTally } from './transport.ts';

/** The header of netconsole's extended format; `/dev/kmsg` has the same. */
const RECORD = /^(?:\d+\.\d+[\w.+~-]*,)?\d+,\d+,\d+,[-c+](?:,[\w.-]+=[^,;]*)*;/;
/** Where a fragment begins that is glued to the one before. */
const GLUED = /(?<=[^\d,.])(?=\d+,\d+,\d+,[-c+],(?:[\w.-]+=[^,;]*,)*ncfrag=)/;
/** A record, or a line of the basic format, is no longer: Linux keeps less than 128 KiB of one. */
const LONGEST = RECEIVER_BOUNDS.maxRecordBytes;
/** As `crashlab listen` writes it (harness/field/listen/station.ts). */
const RAW = /^\{"atMs":\d+(?:\.\d+)?,"payload":"/;

/** Whether most of these lines, those of dictionaries aside, are extended records. */
export function isRecords(lines: readonly string[]): boolean {
  const looked = lines.filter((line) => !line.startsWith(' '));
  return looked.filter((line) => RECORD.test(line)).length > looked.length / 2;
}

export function isRaw([first = '']: readonly string[]): boolean {
  return RAW.test(first);
}

/** Extended records as text: a line begins one; what begins with a blank is its dictionary. */
export function records(): Form {
  const receiver = new NetconsoleReceiver();
  const lines = new RecordLines();
  let payload = '';
  const receive = () => {
    if (payload === '') return [];
    const bytes = Buffer.from(asSent(payload), 'latin1');
    payload = '';
    return lines.of(receiver.receive(bytes, 0));
  };
  return {
    take: (line) => {
      if (line.startsWith(' ') && payload !== '' && payload.length < LONGEST) {
        payload += `${line}\n`;
        return [];
      }
      return line.split(GLUED).flatMap((part) => {
        const read = receive();
        payload = part === '' ? '' : `${part}\n`;
        return read;
      });
    },
    finish: () => [...receive(), ...lines.of(receiver.finish())],
    get transport() {
      return lines.transport;
    },
  };
}

/** The datagrams of one sender, in the order they came, as lines of its log. */
export interface Datagrams {
  /** Milliseconds, not going back. */
  receive: (payload: Uint8Array, atMs: number) => LogLine[];
  /** One came that can't be read, or only in part: something is missing before the next line. */
  lose: () => void;
  /** What waited for more. */
  finish: () => LogLine[];
  /** null as long as no record with a number came. */
  readonly transport: Transport | null;
}

export function datagrams(): Datagrams {
  const receiver = new NetconsoleReceiver();
  const lines = new RecordLines();
  return {
    receive: (payload, atMs) => lines.of(receiver.receive(payload, atMs)),
    lose: () => lines.lose(),
    finish: () => [...lines.of(receiver.finish()), ...lines.finish()],
    get transport() {
      return lines.transport;
    },
  };
}

/** Datagrams as `crashlab listen` writes them down. */
export function rawDatagrams(): Form {
  const sent = datagrams();
  return {
    take: (line) => {
      const raw = readRaw(line);
      return raw ? sent.receive(raw.payload, raw.atMs) : [];
    },
    finish: sent.finish,
    get transport() {
      return sent.transport;
    },
  };
}

/** null for a line that the disk has lost a part of. */
function readRaw(line: string): { atMs: number; payload: Uint8Array } | null {
  try {
    const { atMs, payload }: { atMs: unknown; payload: unknown } = JSON.parse(shownText(line));
    if (typeof atMs !== 'number' || typeof payload !== 'string') return null;
    return { atMs, payload: Buffer.from(payload, 'latin1') };
  } catch {
    return null;
  }
}

/** A fragment has no end of line, unless it is the record's last: who logs it adds one, or glues it to the next. */
function asSent(payload: string): string {
  const fragment = /^[^;]*,ncfrag=(\d+)\/(\d+)[^;]*;/.exec(payload);
  if (fragment === null) return payload;
  const [head, offset, total] = fragment;
  const ends = Number(offset) + payload.length - head.length === Number(total);
  return ends ? payload : payload.slice(0, -1);
}

/** What a receiver says, as lines of a log: what is missing stands before the next line. */
class RecordLines {
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

  lose(): void {
    this.#lost += 1;
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
