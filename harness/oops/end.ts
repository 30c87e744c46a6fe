import { frameOf } from './frames.ts';
import { BAR, BARRED, DIES, END_TRACE, PANIC_END, REBOOTING, REGISTERS, TRACE } from './lines.ts';
import type { LogLine } from './log-line.ts';
import type { RawReport } from './report.ts';

/** After so many lines that are no part of a report, one without an end of its own is over. */
const QUIET = 100;

/**
 * Index after the last line of a report: that of its end where it has come to one. What a machine that lives on says
 * later is none of it.
 */
export function endOf(lines: readonly LogLine[], report: RawReport): number {
  const { kind, line, to, panics } = report;
  const own = (index: number) => {
    const { caller } = lines[index] ?? {};
    return report.caller === null || caller === null || caller === report.caller;
  };
  const after = (from: number, pattern: RegExp, anyones = false): number => {
    for (let index = from; index < to; index += 1) {
      if ((anyones || own(index)) && pattern.test(lines[index]?.text ?? '')) return index;
    }
    return -1;
  };
  const panic = panics.at(-1);
  if (panic !== undefined) {
    const end = Math.max(after(panic, PANIC_END, true), after(panic, REBOOTING, true));
    return end === -1 ? to : end + 1;
  }
  if (BARRED.has(kind)) {
    const bar = after(line + 1, BAR);
    if (bar !== -1) return bar + 1;
  }
  if (kind === 'warning' || DIES.has(kind)) {
    const end = after(line, END_TRACE);
    if (end !== -1) return DIES.has(kind) ? afterRegisters(lines, { from: end + 1, to, own }) : end + 1;
  }
  return afterLastPart(lines, { from: line, to, own });
}

/** Whether this line, after its first, is the end that the report's kind has. */
export function ends({ kind, panics }: RawReport, text: string): boolean {
  if (panics.length > 0) return PANIC_END.test(text) || REBOOTING.test(text);
  if (BARRED.has(kind)) return BAR.test(text);
  return (kind === 'warning' || DIES.has(kind)) && END_TRACE.test(text);
}

interface Range {
  from: number;
  to: number;
  own: (index: number) => boolean;
}

/** x86 repeats its registers after the end trace; others speak meanwhile. */
function afterRegisters(lines: readonly LogLine[], { from, to, own }: Range): number {
  let end = from;
  for (let index = from; index < to && index < end + QUIET; index += 1) {
    if (own(index) && REGISTERS.test(lines[index]?.text ?? '')) end = index + 1;
  }
  return end;
}

function afterLastPart(lines: readonly LogLine[], { from, to, own }: Range): number {
  let end = from + 1;
  for (let index = from; index < to && index < end + QUIET; index += 1) {
    const text = lines[index]?.text ?? '';
    if (own(index) && (TRACE.test(text) || REGISTERS.test(text) || frameOf(text) !== null)) end = index + 1;
  }
  return Math.min(to, end + QUIET);
}
