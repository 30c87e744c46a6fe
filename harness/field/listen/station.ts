import { mkdtemp, rename, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../../host/error.ts';
import { hostError } from '../../host/failure.ts';
import { makeFolder } from '../../host/folder.ts';
import type { NetconsoleEvent } from '../../netconsole/event.ts';
import { toByteString } from '../../printk/byte-string.ts';
import { labelOf } from '../label.ts';
import type { CrashSeen } from './crash-watch.ts';
import type { HostLoss } from './losses.ts';
import { LogFile, type Rotation } from './log-file.ts';
import { Sender, type SenderCounts } from './sender.ts';
import type { Batch, SenderName } from './thread-messages.ts';

/** What happens while machines are listened to. */
export type StationEvent =
  | { type: 'listening'; address: string; port: number }
  | { type: 'sender'; sender: string; address: string; port: number; name: string | null }
  /** Lines of its log, as they are in its file. */
  | { type: 'text'; sender: string; text: string }
  /** What each datagram came to; only where it is asked for. */
  | { type: 'netconsole'; sender: string; event: NetconsoleEvent }
  | { type: 'lost-on-host'; lost: HostLoss }
  /** `file`: the report, where there is a folder for it. It is written anew when it is judged again. */
  | { type: 'crash' | 'judged-again'; sender: string; crash: CrashSeen; file: string | null };

export interface StationOptions {
  /** Where logs and reports are written; null: nowhere. */
  dir: string | null;
  rotation: Rotation;
  /** Whether `netconsole` events are told. */
  events: boolean;
  /** A name for an address; null where it has none. */
  resolve: (address: string) => Promise<string | null>;
  /** One after the other: what comes meanwhile waits until a promise of it is kept. */
  onEvent: (event: StationEvent) => void | Promise<void>;
  /** Something can't be written. */
  onFailure: (error: unknown) => void;
}

/** A sender of now, by its number among the listener's. */
export interface StationSender {
  number: number;
  label: string;
  counts: Readonly<SenderCounts>;
  lastMs: number;
  crash: string | null;
}

/** Of one sender; whoever sends more would fill the disk with them. */
const MOST_REPORTS = 1000;
/** The newest of them may be written anew. */
const MOST_OPEN = 100;

/** A machine that is listened to. */
interface Listened {
  sender: Sender;
  label: string;
  files: { text: LogFile; raw: LogFile } | null;
  /** The first words of its last crash. */
  crash: string | null;
  /** The files of its newest crash reports, by their numbers. */
  reports: Map<number, string>;
  /** What came last was a panic's end, and it is on the disk. */
  synced: boolean;
  lastMs: number;
}

/**
 * Everything behind the sockets: senders' datagrams become logs and crash reports. Writes one after the other; what
 * comes meanwhile waits, and the listener counts how much that is.
 */
export class Station {
  readonly #options: StationOptions;
  readonly #byNumber = new Map<number, Listened>();
  readonly #dirty = new Set<Listened>();
  #waiting: (() => void)[] = [];
  #flushing: Promise<void> | null = null;

  constructor(options: StationOptions) {
    this.#options = options;
  }

  /** The senders of now, those that came first first. */
  get senders(): StationSender[] {
    return [...this.#byNumber].map(([number, { label, sender, lastMs, crash }]) => ({
      number,
      label,
      counts: sender.counts,
      lastMs,
      crash,
    }));
  }

  meet(number: number, { address, port }: SenderName, nowMs: number): void {
    this.#leave(number, nowMs);
    const label = labelOf(address, port);
    const { dir, rotation } = this.#options;
    const base = dir === null ? null : path.join(dir, `${fileNameOf(address)}_${port}`);
    this.#byNumber.set(number, {
      sender: new Sender({ events: this.#options.events }),
      label,
      files:
        base === null
          ? null
          : { text: new LogFile(`${base}.log`, rotation), raw: new LogFile(`${base}.jsonl`, rotation) },
      crash: null,
      reports: new Map(),
      synced: false,
      lastMs: nowMs,
    });
    void this.#options
      .resolve(address)
      .catch(() => null)
      .then((name) => this.#options.onEvent({ type: 'sender', sender: label, address, port, name }));
  }

  take({ bytes, lengths, senders, times }: Batch, done: () => void): void {
    let at = 0;
    const raw = new Map<Listened, string>();
    for (const [index, length] of lengths.entries()) {
      const payload = bytes.subarray(at, at + length);
      at += length;
      const listened = this.#byNumber.get(senders[index] ?? 0);
      if (!listened) continue;
      const nowMs = times[index] ?? 0;
      listened.sender.receive(payload, nowMs);
      listened.lastMs = nowMs;
      if (listened.files) raw.set(listened, (raw.get(listened) ?? '') + rawLine(payload, nowMs));
      this.#dirty.add(listened);
    }
    for (const [{ files }, lines] of raw) files?.raw.append(lines);
    this.#waiting.push(done);
    void this.flush();
  }

  /** Gives up what was waited for too long, and judges what has gone quiet. Call it now and then. */
  advance(nowMs: number): void {
    for (const listened of this.#byNumber.values()) {
      listened.sender.advance(nowMs);
      this.#dirty.add(listened);
    }
    void this.flush();
  }

  /** Logs may have been moved away: what comes now is written to new ones. */
  reopen(): void {
    for (const { files } of this.#byNumber.values()) {
      files?.text.reopen();
      files?.raw.reopen();
    }
  }

  /** Writes all there is. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flushAll()
      .catch(this.#options.onFailure)
      .finally(() => {
        this.#flushing = null;
      });
    return this.#flushing;
  }

  /** Nothing more will come: everything is told and written when this resolves. */
  async finish(nowMs: number): Promise<void> {
    await this.flush();
    for (const number of this.#byNumber.keys()) this.#byNumber.get(number)?.sender.finish(nowMs);
    for (const listened of this.#byNumber.values()) this.#dirty.add(listened);
    await this.flush();
  }

  #leave(number: number, nowMs: number): void {
    const former = this.#byNumber.get(number);
    former?.sender.finish(nowMs);
    if (former) this.#dirty.add(former);
    this.#byNumber.delete(number);
  }

  async #flushAll(): Promise<void> {
    while (this.#dirty.size > 0) {
      const dirty = [...this.#dirty];
      const waiting = this.#waiting;
      this.#dirty.clear();
      this.#waiting = [];
      for (const listened of dirty) await this.#write(listened);
      for (const done of waiting) done();
    }
  }

  async #write(listened: Listened): Promise<void> {
    const { sender, label, files } = listened;
    const { onEvent } = this.#options;
    const { text, crashes, events } = sender.take();
    files?.text.append(text);
    await Promise.all([files?.text.flush(listened.lastMs), files?.raw.flush(listened.lastMs)]);
    const dead = sender.dead || crashes.length > 0;
    if (dead && !listened.synced) await Promise.all([files?.text.sync(), files?.raw.sync()]);
    listened.synced = dead;
    for (const event of events) await onEvent({ type: 'netconsole', sender: label, event });
    if (text !== '') await onEvent({ type: 'text', sender: label, text });
    for (const crash of crashes) {
      listened.crash = crash.log.crashes.at(-1)?.headline ?? listened.crash;
      const file = reportFile(listened, crash);
      if (file !== null) await writeReport(file, crash);
      await onEvent({ type: crash.again ? 'judged-again' : 'crash', sender: label, crash, file });
    }
  }
}

/** Without colons, and never with a dash in front, which commands take for an option: ::1 is 0::1. */
const fileNameOf = (address: string) => address.replaceAll(/[^\w.-]/g, '-').replace(/^-/, '0-');

/** Makes a folder that can be written to. Errors: NO_LOG_FOLDER, the disk’s. */
export async function makeLogFolder(dir: string): Promise<void> {
  try {
    await makeFolder(dir);
    await rmdir(await mkdtemp(path.join(dir, '.crashlab-')));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOSPC' || code === 'EDQUOT') throw hostError(error, `making the folder ${dir}`);
    const isNone = code === 'EEXIST' || code === 'ENOTDIR';
    const detail = error instanceof Error ? error.message : String(error);
    const message = isNone ? `${dir} is no folder.` : `Logs can’t be written to ${dir}: ${detail}.`;
    throw new CrashlabError(isNone ? 'usage' : 'host', 'NO_LOG_FOLDER', message, {
      advice: 'Give a folder that this user may write to: --dir LOGS.',
      cause: error,
    });
  }
}

/** A datagram as it came, byte by byte: its payload is a byte string. */
function rawLine(payload: Uint8Array, atMs: number): string {
  return `{"atMs":${Math.round(atMs * 1000) / 1000},"payload":${JSON.stringify(toByteString(payload))}}\n`;
}

/** Where a report is written; null where it isn't. */
function reportFile(
  { files, reports, lastMs }: Listened,
  { number, again }: Pick<CrashSeen, 'number' | 'again'>,
): string | null {
  if (again || files === null || number > MOST_REPORTS) return reports.get(number) ?? null;
  const time = new Date(lastMs).toISOString().replaceAll(/[:.]/g, '-');
  const file = files.text.path.replace(/\.log$/, `.crash-${time}-${number}.txt`);
  reports.set(number, file);
  reports.delete(number - MOST_OPEN);
  return file;
}

/** The lines that a report was read from, as they are in the log. */
async function writeReport(file: string, { lines }: CrashSeen): Promise<void> {
  const draft = `${file}.new`;
  try {
    await writeFile(draft, lines.map(({ shown }) => shown).join(''), { flush: true });
    // Whoever reads the one before goes on with that.
    await rename(draft, file);
  } catch (error) {
    throw hostError(error, `writing ${file}`);
  }
}
