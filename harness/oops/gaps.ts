import { frameOf } from './frames.ts';
import { headlineOf, type OopsKind } from './headline.ts';
import { BARRED, DIES, END_TRACE, LOCATED, PANIC_END, REBOOTING, REGISTERS } from './lines.ts';
import type { LogLine } from './log-line.ts';
import type { RawReport } from './report.ts';

/** Kinds whose last words on x86 are the end of the stack of a task, since Linux 5.16. */
const STACKED: ReadonlySet<OopsKind> = new Set(['soft-lockup', 'hung-task']);
/** Of what a panic says after its first line. */
const TAIL = 20;

/**
 * Records that are missing in a report: after its first line and, unless its end is there, right behind it, where one may
 * have been its last. Records above the console's log level use numbers up as well: behind a report that is over they say
 * nothing of it.
 *
 * @param over an oops has come to its end, its registers repeated
 */
export function gapsIn(lines: readonly LogLine[], report: RawReport, over: () => boolean): string[] {
  const { line, to } = report;
  const lostUntil = (end: number) =>
    lines.slice(line + 1, end).reduce((sum, { lostBefore = 0 }) => sum + lostBefore, 0);
  if (lostUntil(to + 1) === 0) return [];
  const end = provedEnd(lines, report, over);
  const lost = lostUntil(end === null || isPanicTail(lines, end) ? to + 1 : end);
  if (lost === 0) return [];
  return [lost === 1 ? 'One record is missing in it.' : `${lost} records are missing in it.`];
}

/** Index after the line that a report ends in for sure; null where more may have come. */
function provedEnd(lines: readonly LogLine[], report: RawReport, over: () => boolean): number | null {
  const { kind, to, panics, line } = report;
  const last = lines[to - 1]?.text ?? '';
  if (panics.length > 0) return PANIC_END.test(last) || REBOOTING.test(last) ? to : null;
  if (DIES.has(kind)) return over() ? to : null;
  if (BARRED.has(kind) || kind === 'warning')
    return END_TRACE.test(last) || /^={50,}$/.test(last) ? to : null;
  return STACKED.has(kind) ? afterStack(lines, line, to) : null;
}

function afterStack(lines: readonly LogLine[], from: number, to: number): number | null {
  for (let index = to - 1; index > from; index -= 1) {
    const text = lines[index]?.text ?? '';
    if (/^\s*<\/TASK>\s*$/.test(text)) return index + 1;
    if (REGISTERS.test(text) || frameOf(text) !== null) return null;
  }
  return null;
}

/** A panic whose first line was lost goes on behind the report. */
function isPanicTail(lines: readonly LogLine[], from: number): boolean {
  for (const { text } of lines.slice(from, from + TAIL)) {
    if (LOCATED.test(text) || PANIC_END.test(text) || REBOOTING.test(text)) return true;
    if (headlineOf(text) !== null) return false;
  }
  return false;
}
