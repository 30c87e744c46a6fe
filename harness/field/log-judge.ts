import { type CrashLog, CrashTally, readReports } from '../oops/crash.ts';
import type { LogLine } from '../oops/log-line.ts';
import { type Segment, Segments } from '../oops/segments.ts';
import { Boot } from './boot.ts';
import type { Testimony } from './witness.ts';

/** Lines before and behind a stretch with crashes in it, which are kept for a comparison. */
const AROUND = 1000;
/** No stretch is longer, with what is around it. */
const MOST_RECENT = 16_000;
const MOST_TESTIMONIES = 500;

/** Reads the crashes of one log line by line. What it holds is bounded, however long the log is. */
export class LogJudge {
  readonly #segments = new Segments();
  readonly #tally = new CrashTally();
  readonly #compares: boolean;
  /** The newest lines, and how many came before them. */
  #recent: LogLine[] = [];
  #before = 0;
  readonly testimonies: Testimony[] = [];
  /** Which boot it is of, where it is compared. */
  readonly boot = new Boot();

  /** @param compares whether it is going to be held against another log: then `testimonies` are kept */
  constructor(compares: boolean) {
    this.#compares = compares;
  }

  take(lines: readonly LogLine[]): void {
    for (const line of lines) {
      if (this.#compares) this.#remember(line);
      for (const segment of this.#segments.take(line)) this.#read(segment);
    }
  }

  finish(): void {
    for (const segment of this.#segments.finish()) this.#read(segment);
  }

  /** Something is known of it that its own text does not show. */
  damage(why: readonly string[]): void {
    this.#tally.judge({ whole: false, why: [...why] });
  }

  /** Nor may its text be what was sent. */
  doubt(why: readonly string[]): void {
    if (why.length > 0) this.#tally.judge({ whole: null, why: [...why] });
  }

  get log(): CrashLog {
    return this.#tally.log;
  }

  #remember(line: LogLine): void {
    this.boot.take(line);
    this.#recent.push(line);
    if (this.#recent.length < 2 * MOST_RECENT) return;
    this.#before += MOST_RECENT;
    this.#recent = this.#recent.slice(MOST_RECENT);
  }

  #read(segment: Segment): void {
    const { log, places } = readReports(segment);
    this.#tally.add(log);
    if (!this.#compares || this.testimonies.length === MOST_TESTIMONIES) return;
    const around = this.#around(segment, places);
    for (const [at, crash] of log.crashes.slice(0, MOST_TESTIMONIES - this.testimonies.length).entries()) {
      const lines = segment.lines.slice(places[at]?.from, places[at]?.to);
      this.testimonies.push({ crash, lines, around });
    }
  }

  /** Lines that belong to none of these crashes. */
  #around({ before, lines }: Segment, places: readonly { from: number; to: number }[]): string[] {
    const from = Math.max(this.#before, before - AROUND);
    const to = before + lines.length + AROUND;
    const told = new Set<number>();
    for (const place of places)
      for (let index = place.from; index < place.to; index += 1) told.add(before + index);
    return this.#recent
      .slice(from - this.#before, to - this.#before)
      .filter((_, at) => !told.has(from + at))
      .map(({ text }) => text);
  }
}
