import { headlineOf } from './headline.ts';
import { BARRED, END_TRACE, OPENED } from './lines.ts';
import type { LogLine } from './log-line.ts';
import type { RawReport } from './report.ts';

/** A message of up to 1024 bytes may stand between the two, and what others say meanwhile. */
const MOST_LINES = 24;
/** lib/bug.c report_bug() and kernel/panic.c __warn() say `cut here` first, on every architecture that has them. */
const CUT = /^kernel BUG at |^WARNING: (?:CPU: \d+ PID: \d+ )?at |^WARNING: (?:\[.+\] )?\S+:\d+ at /;

/** Between Linux 4.11 and 5.4 a WARN_ON() without a message had none. */
const CUTS_EACH = 504;

/**
 * The line that opens a report: a bar, `cut here`. A console of few words (`quiet`) may show a BUG without it, so that
 * nobody can say whether it is lost.
 */
export function openingDoubts(
  lines: readonly LogLine[],
  { line, kind, caller }: RawReport,
  release: number | null,
): string[] {
  const bar = BARRED.has(kind);
  if (!bar && kind !== 'ubsan' && !CUT.test(lines[line]?.text ?? '')) return [];
  if (kind === 'warning' && (release ?? 0) < CUTS_EACH) return [];
  for (let index = line - 1; index >= Math.max(0, line - MOST_LINES); index -= 1) {
    const one = lines[index];
    if (!one || (caller !== null && one.caller !== null && one.caller !== caller)) continue;
    if (OPENED.test(one.text) && (!bar || one.text.includes('===='))) return [];
    if (END_TRACE.test(one.text) || headlineOf(one.text) !== null) break;
  }
  return [`The line above its first one (“${bar ? '====' : 'cut here'}”) is missing: lost, or not shown.`];
}
