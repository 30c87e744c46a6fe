import { counterOf, functionAtFault } from './fault.ts';
import { frameOf } from './frames.ts';
import type { OopsKind } from './headline.ts';
import { TRACE } from './lines.ts';
import type { LogLine } from './log-line.ts';
import { modulesIn } from './modules.ts';
import { findReports, type RawReport } from './report.ts';
import { type Segment, Segments } from './segments.ts';
import { titleOf, wordsOnly } from './title.ts';
import { judgeReports, type Wholeness } from './whole.ts';

/** One crash that a log tells of. */
export interface Crash {
  kind: Exclude<OopsKind, 'none'>;
  /** The kernel's own first words. */
  headline: string;
  /** Where it went wrong, as far as the text says. */
  function: string | null;
  /** The same for the same bug: without addresses, offsets, pids and CPUs. */
  signature: string;
  /** Where it stood, and the functions of its first call trace, innermost first, those that the unwinder vouches for. */
  frames: string[];
  /** Where it stood, and the calls that led there, as the kernel wrote them: `name+0x12/0x34`, with ` [module]`. */
  counter: string | null;
  calls: string[];
  /** In a few words: what it is, and where. */
  title: string;
  /** Of its `CPU: …` line: who ran, on which kernel. */
  process: string | null;
  release: string | null;
  /** `Not tainted`, or the kernel's letters. */
  taint: string | null;
  modules: string[];
  /** The panic that it ended in, its message. */
  panic: string | null;
  /** Lines of the log, from 1. */
  lines: { first: number; last: number };
}

/** What a log says about crashes. */
export interface CrashLog extends Wholeness {
  crashes: Crash[];
  /** Crashes beyond those in the list: it has an end. */
  unlisted: number;
}

/** Reads every crash report in a kernel's log, a line after the other. Never throws. */
export function readCrashes(lines: Iterable<LogLine>): CrashLog {
  const segments = new Segments();
  const tally = new CrashTally();
  for (const line of lines) {
    for (const segment of segments.take(line)) tally.add(readSegment(segment));
  }
  for (const segment of segments.finish()) tally.add(readSegment(segment));
  return tally.log;
}

/** The reports in a stretch of a log. */
export function readSegment(segment: Segment): CrashLog {
  return readReports(segment).log;
}

/** The same, and from which line of the stretch to which other each crash goes: indices, the second behind the last. */
export function readReports({ lines, numbers, context }: Segment): {
  log: CrashLog;
  places: { from: number; to: number }[];
} {
  const reports = findReports(lines, context);
  const crashes = reports.map((report) => crashFrom(lines, report, numbers));
  return { log: { crashes, unlisted: 0, ...judgeReports(lines, reports, context) }, places: reports };
}

const MOST_LISTED = 10_000;
const MOST_REASONS = 1000;

/**
 * What the stretches of a log come to: one that is damaged damages the log, one that nobody can judge leaves it open.
 * Holds a few tens of MiB, however many crashes there are.
 */
export class CrashTally {
  readonly #crashes: Crash[] = [];
  #unlisted = 0;
  #whole: boolean | null = true;
  #why = new Set<string>();

  add({ crashes, whole, why, unlisted }: CrashLog): void {
    const room = MOST_LISTED - this.#crashes.length;
    this.#crashes.push(...crashes.slice(0, room));
    this.#unlisted += unlisted + Math.max(0, crashes.length - room);
    this.judge({ whole, why });
  }

  /** Something else is known of it. */
  judge({ whole, why }: Wholeness): void {
    if (rankOf(whole) > rankOf(this.#whole)) {
      this.#whole = whole;
      this.#why = new Set();
    }
    if (whole !== this.#whole) return;
    for (const reason of why) if (this.#why.size < MOST_REASONS) this.#why.add(reason);
  }

  get log(): CrashLog {
    return {
      crashes: [...this.#crashes],
      unlisted: this.#unlisted,
      whole: this.#whole,
      why: [...this.#why],
    };
  }
}

const rankOf = (whole: boolean | null) => (whole === false ? 2 : whole === null ? 1 : 0);

function crashFrom(lines: readonly LogLine[], report: RawReport, numbers: readonly number[]): Crash {
  const own = lines
    .slice(report.from, report.to)
    .filter(({ caller }) => report.caller === null || caller === null || caller === report.caller)
    .map(({ text }) => text);
  const fault = functionAtFault(lines, report);
  const cpu = own.map((text) => CPU.exec(text)?.groups).find(Boolean);
  const [panic] = report.panics;
  const { names, counter, calls } = firstTrace(own);
  return {
    title: titleOf(report, fault),
    kind: report.kind,
    headline: report.headline.trim(),
    function: fault,
    signature: `${report.kind}:${fault ?? wordsOnly(withoutTask(report.headline))}`,
    frames: names,
    counter,
    calls,
    process: cpu?.['process'] ?? null,
    release: cpu?.['release'] ?? null,
    taint: cpu?.['taint']?.trim() ?? null,
    modules: modulesIn(own),
    panic:
      panic === undefined
        ? null
        : (lines[panic]?.text.replace(/^Kernel panic - not syncing:? ?/, '') ?? null),
    lines: { first: numbers[report.from] ?? 0, last: numbers[report.to - 1] ?? 0 },
  };
}

/** Who was hit by it differs from one time to the next. */
const withoutTask = (headline: string) =>
  headline.replace(/ \[[^\]]*:\d+\]$/, '').replace(/(?<=^INFO: task ).{1,30}(?= blocked )/, '…');

/** Linux lib/dump_stack.c, dump_stack_print_info(). */
const CPU =
  /^CPU: ?\d+ (?:UID: \d+ )?PID: \d+ Comm: (?<process>.{1,15}?) (?:Kdump: loaded )?(?<taint>Not tainted|Tainted: [A-Z ]+?) +(?<release>\d+\.\d+\S*)/;

/** `name+0x12/0x34 [module]`, of x86, arm64, riscv and s390. */
const CALL = /[A-Za-z_.][\w.$]*\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[[\w-]+)?/;
const COUNTER = /^(?:RIP: ?[0-9a-f]{4}:|pc : |epc : |PC is at )/;

function firstTrace(own: readonly string[]): { names: string[]; counter: string | null; calls: string[] } {
  const from = own.findIndex((text) => TRACE.test(text));
  const fault = counterOf(own);
  const names = fault === null ? [] : [fault];
  const calls: string[] = [];
  const before = from === -1 ? own : own.slice(0, from);
  const counter = callIn(before.find((text) => COUNTER.test(text)) ?? '');
  for (const text of from === -1 ? [] : own.slice(from + 1)) {
    if (/^(?:Modules linked in:|---\[ |Kernel panic|CPU: |={20})|Call [Tt]race:/.test(text)) break;
    const frame = frameOf(text);
    if (frame?.reliable !== true) continue;
    names.push(frame.name);
    const call = callIn(text);
    if (call !== null) calls.push(call);
  }
  return { names, counter, calls };
}

function callIn(text: string): string | null {
  const [found] = CALL.exec(text) ?? [];
  return found === undefined ? null : found.includes('[') ? `${found}]` : found;
}
