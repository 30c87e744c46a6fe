import { RECEIVER_BOUNDS } from '../netconsole/bounds.ts';
import { readSender } from '../oops/collector.ts';
import type { LogLine } from '../oops/log-line.ts';
import { LogLines } from '../oops/log-lines.ts';
import { shownText } from '../printk/byte-string.ts';
import type { Form } from './form.ts';
import { readMark } from './marks.ts';
import { RecordStreams } from './record-streams.ts';
import { type Transports, TransportTally } from './transport.ts';

/** What a mark begins with, as a byte string. */
const MARK = '\u00E2\u0094\u0080';

/** The header of netconsole's extended format, which `/dev/kmsg` has as well, and what may stand before it. */
const RECORD = /^(?:(.{0,160}?)[\s:|>])??((?:\d+\.\d+[\w.+~-]*,)?\d+,\d+,\d+,[-c+](?:,[\w.-]+=[^,;]*)*;.*)$/;
/** Where a fragment begins that is glued to the one before. */
const GLUED = /(?<=[^\d,.])(?=\d+,\d+,\d+,[-c+],(?:[\w.-]+=[^,;]*,)*ncfrag=)/;
/** Of a record's dictionary. */
const ENTRY = /^ [^\s=]+=/;
/** A record is no longer: Linux keeps less than 128 KiB of one. */
const LONGEST = RECEIVER_BOUNDS.maxRecordBytes;
const RECORDS = 'records';

/** Text with any prefixes, and netconsole's extended records among it, with or without one. */
export function text(): Form {
  return new Text();
}

class Text implements Form {
  readonly #lines = new LogLines();
  readonly #records = new RecordStreams();
  #number = 0;
  /** A record whose dictionary or end may come with the next line, and the line it began in. */
  #payload = '';
  #sender = RECORDS;
  #place = 0;
  /** Whether there are records: then text is a log of its own. */
  #hasRecords = false;
  #host = '';
  /** As soon as there is a mark. */
  #tally: TransportTally | null = null;
  /** Records that marks say are missing before the next line. */
  #lost = 0;
  /** Bytes of a torn record that are still to come, in lines of their own without a timestamp. */
  #torn = 0;

  take(line: string): readonly LogLine[] {
    this.#number += 1;
    if (this.#payload !== '' && line.startsWith(' ') && this.#goesOn(line)) {
      if (this.#payload.length < LONGEST) this.#payload += `${line}\n`;
      this.#lines.skip();
      return [];
    }
    const before = this.#payload === '' ? [] : this.#receive();
    if (line.startsWith(MARK) && this.#isMark(shownText(line))) {
      this.#lines.skip();
      return before;
    }
    const record = line.includes(';') ? recordIn(line) : null;
    if (record === null) {
      const lines = this.#behindMark(this.#own(this.#lines.take(shownText(line))), line.length);
      return before.length === 0 ? lines : [...before, ...lines];
    }
    this.#lines.skip();
    this.#hasRecords = true;
    this.#sender = record.sender;
    this.#place = this.#number;
    const lines = [...before];
    const { payload } = record;
    for (const part of payload.includes('ncfrag=') ? payload.split(GLUED) : [payload]) {
      lines.push(...this.#receive());
      this.#payload = part === '' ? '' : `${part}\n`;
    }
    return lines;
  }

  finish(): readonly LogLine[] {
    return [...this.#receive(), ...this.#own(this.#lines.finish()), ...this.#records.finish()];
  }

  get problems(): string[] {
    return this.#records.problems;
  }

  get transports(): Transports {
    const { transports } = this.#records;
    return this.#tally ? new Map([...transports, [null, this.#tally.transport]]) : transports;
  }

  /** Those that `crashlab listen` puts between lines say what is lost. */
  #isMark(line: string): boolean {
    const mark = readMark(line);
    if (!mark) return false;
    this.#tally ??= new TransportTally();
    this.#torn = mark.shown;
    if (mark.loss) this.#tally.add(mark.loss);
    if (mark.loss?.kind === 'missing' || mark.loss?.kind === 'torn') this.#lost += mark.loss.count;
    return true;
  }

  #behindMark(lines: LogLine[], length: number): LogLine[] {
    const [first, ...rest] = lines;
    if (first === undefined || (this.#lost === 0 && this.#torn === 0)) return lines;
    if (this.#torn > 0 && !first.stamped) {
      this.#torn -= length + 1;
      return [];
    }
    this.#torn = 0;
    const lostBefore = this.#lost;
    this.#lost = 0;
    return lostBefore > 0 ? [{ ...first, lostBefore }, ...rest] : lines;
  }

  /** A fragment may end anywhere. */
  #goesOn(line: string): boolean {
    return ENTRY.test(line) || /^[^;]*,ncfrag=/.test(this.#payload);
  }

  #receive(): LogLine[] {
    if (this.#payload === '') return [];
    const payload = asSent(this.#payload);
    this.#payload = '';
    return this.#records.take(payload, this.#sender, this.#place);
  }

  #own(lines: LogLine[]): LogLine[] {
    if (this.#hasRecords) for (const line of lines) this.#host = line.host ??= this.#host;
    return lines;
  }
}

/** A record with its sender, as far as what stands before it says; null where it is text that quotes one. */
function recordIn(line: string): { sender: string; payload: string } | null {
  const [, before = '', payload] = RECORD.exec(line) ?? [];
  if (payload === undefined) return null;
  const prefix = before === '' ? { host: null } : readSender(before);
  return prefix && { sender: prefix.host ?? RECORDS, payload };
}

/** A fragment has no end of line, unless it is the record's last: who logs it adds one, or glues it to the next. */
function asSent(payload: string): string {
  const fragment = /^[^;]*,ncfrag=(\d+)\/(\d+)[^;]*;/.exec(payload);
  if (fragment === null) return payload;
  const [head, offset, total] = fragment;
  const ends = Number(offset) + payload.length - head.length === Number(total);
  return ends ? payload : payload.slice(0, -1);
}
