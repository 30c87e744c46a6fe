import { isConsequence } from './consequence.ts';
import { endOf, ends } from './end.ts';
import { headlineOf, type OopsKind } from './headline.ts';
import { BOOT, OPENING } from './lines.ts';
import type { LogLine } from './log-line.ts';
import type { LogContext } from './segments.ts';

/** One crash in a log: from its first line to where the next thing begins. */
export interface RawReport {
  kind: Exclude<OopsKind, 'none'>;
  /** The kernel's own words for it, and the index of the line they stand in. */
  headline: string;
  line: number;
  /** Index of its first line: the bar or `cut here` above the headline, else the headline. */
  from: number;
  /** Index after its last line. */
  to: number;
  /** Indices of the panics it ended in. */
  panics: number[];
  caller: string | null;
}

/** A report while it is read. */
interface Open {
  report: RawReport;
  /** Its cause has been said, the line of die() has not. */
  awaitsDie: boolean;
  ended: boolean;
}

/** Finds every crash report in a log, in the order they begin. */
export function findReports(lines: readonly LogLine[], { stamps }: LogContext): RawReport[] {
  const reports: RawReport[] = [];
  // Of each caller the one that it is in the middle of; without callers all are of one.
  let open = new Map<string | null, Open>();
  for (const [index, { text, caller, stamped }] of lines.entries()) {
    if (BOOT.test(text)) {
      for (const { report } of open.values()) report.to = index;
      open = new Map();
    }
    const state = open.get(caller);
    const headline = headlineOf(text);
    if (headline === null) {
      if (state && ends(state.report, text)) state.ended = true;
      continue;
    }
    const { kind, part } = headline;
    if (part === 'hint' && stamps && !stamped) continue;
    const last = state?.report;
    const carriesOn =
      state !== undefined &&
      last !== undefined &&
      ((part === 'die' && state.awaitsDie) ||
        (part === 'kill' && last.kind === 'oom') ||
        ((part === 'detail' || part === 'hint') && !state.ended) ||
        (kind === 'memory-leak' &&
          last.kind === 'memory-leak' &&
          last.headline.startsWith('BUG: memory leak')) ||
        (part === 'panic' && isConsequence(last, state.ended, lines, index)));
    if (carriesOn) {
      if (part === 'panic') {
        last.panics.push(index);
        state.ended = false;
      }
      if (part === 'cause' || part === 'die') state.awaitsDie = part === 'cause';
      if (part !== 'panic' && ends(last, text)) state.ended = true;
      continue;
    }
    const opening = lines[index - 1];
    const opens = OPENING.test(opening?.text.trim() ?? '') && opening?.caller === caller;
    const from = opens ? index - 1 : index;
    if (last) last.to = Math.min(last.to, from);
    const report: RawReport = {
      kind,
      headline: wordsOf(kind, lines, index),
      line: index,
      from,
      to: lines.length,
      panics: part === 'panic' ? [index] : [],
      caller,
    };
    reports.push(report);
    open.set(caller, { report, awaitsDie: part === 'cause', ended: false });
  }
  for (const report of reports) report.to = endOf(lines, report);
  return reports;
}

/** UBSAN says in a line of its own what was undefined about it. */
function wordsOf(kind: OopsKind, lines: readonly LogLine[], line: number): string {
  const text = lines[line]?.text ?? '';
  const detail = lines[line + 1]?.text.trim();
  const type = kind === 'ubsan' ? /^UBSAN: (\S.*?) in /.exec(text)?.[1] : undefined;
  return type !== undefined && detail ? `UBSAN: ${type}: ${detail}` : text;
}
