import { counterOf, functionAtFault } from './fault.ts';
import { frameOf } from './frames.ts';
import type { OopsKind } from './headline.ts';
import { MODULES, TRACE } from './lines.ts';
import type { LogLine } from './log-line.ts';
import { findReports, type RawReport } from './report.ts';
import { type Segment, Segments } from './segments.ts';
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
}

/** Reads every crash report in a kernel's log, a line after the other. Never throws. */
export function readCrashes(lines: Iterable<LogLine>): CrashLog {
  const segments = new Segments();
  const logs: CrashLog[] = [];
  for (const line of lines) {
    logs.push(...segments.take(line).map(readSegment));
  }
  return joinCrashLogs([...logs, ...segments.finish().map(readSegment)]);
}

/** The reports in a stretch of a log. */
export function readSegment({ lines, first, context }: Segment): CrashLog {
  const reports = findReports(lines, context);
  const crashes = reports.map((report) => crashFrom(lines, report, first));
  return { crashes, ...judgeReports(lines, reports, context) };
}

/** One that is damaged damages the log, one that nobody can judge leaves it open. */
export function joinCrashLogs(logs: readonly CrashLog[]): CrashLog {
  const whole = logs.some((log) => log.whole === false) ? false : logs.every((log) => log.whole) || null;
  const why = logs.filter((log) => log.whole === whole).flatMap((log) => log.why);
  return { crashes: logs.flatMap(({ crashes }) => crashes), whole, why: [...new Set(why)] };
}

function crashFrom(lines: readonly LogLine[], report: RawReport, first: number): Crash {
  const own = lines
    .slice(report.from, report.to)
    .filter(({ caller }) => report.caller === null || caller === null || caller === report.caller)
    .map(({ text }) => text);
  const fault = functionAtFault(lines, report);
  const cpu = own.map((text) => CPU.exec(text)?.groups).find(Boolean);
  const [panic] = report.panics;
  return {
    kind: report.kind,
    headline: report.headline.trim(),
    function: fault,
    signature: `${report.kind}:${fault ?? wordsOnly(report.headline)}`,
    frames: firstTrace(own),
    process: cpu?.['process'] ?? null,
    release: cpu?.['release'] ?? null,
    taint: cpu?.['taint']?.trim() ?? null,
    modules: modulesIn(own),
    panic:
      panic === undefined
        ? null
        : (lines[panic]?.text.replace(/^Kernel panic - not syncing:? ?/, '') ?? null),
    lines: { first: first + report.from, last: first + report.to - 1 },
  };
}

/** Linux lib/dump_stack.c, dump_stack_print_info(). */
const CPU =
  /^CPU: ?\d+ (?:UID: \d+ )?PID: \d+ Comm: (?<process>.{1,15}?) (?:Kdump: loaded )?(?<taint>Not tainted|Tainted: [A-Z ]+?) +(?<release>\d+\.\d+\S*)/;

function firstTrace(own: readonly string[]): string[] {
  const from = own.findIndex((text) => TRACE.test(text));
  const counter = counterOf(own);
  const names = counter === null ? [] : [counter];
  for (const text of from === -1 ? [] : own.slice(from + 1)) {
    if (/^(?:Modules linked in:|---\[ |Kernel panic|CPU: |={20})|Call [Tt]race:/.test(text)) break;
    const frame = frameOf(text);
    if (frame?.reliable === true) names.push(frame.name);
  }
  return names;
}

/** `Modules linked in: a(O) b [last unloaded: c]`. */
function modulesIn(own: readonly string[]): string[] {
  const line = own.find((text) => MODULES.test(text));
  const names =
    line
      ?.replace(/^.*?linked in:/, '')
      .replace(/\[last unloaded:.*/, '')
      .trim() ?? '';
  return names === '' ? [] : names.split(/\s+/).map((name) => name.replace(/\(.*\)$/, ''));
}

/** A headline without what differs from one time to the next. */
function wordsOnly(headline: string): string {
  return headline
    .trim()
    .replaceAll(/0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\d+/gi, '#')
    .replaceAll(/\s+/g, ' ');
}
