import { PANIC_END, REBOOTING, STALLS } from './lines.ts';
import type { LogLine } from './log-line.ts';
import type { RawReport } from './report.ts';

/** The text of one report. */
export interface Body {
  text: string[];
  /** Of that, what is the kernel's own for sure, where its lines can be told: by its timestamp, as the headline has it. */
  own: string[];
  /** Index of its headline. */
  headline: number;
  /** Index of its first panic; -1 where there is none. */
  panic: number;
}

/** What belongs to it of what several said at once. */
export function bodyOf(lines: readonly LogLine[], report: RawReport): Body {
  const text: string[] = [];
  const own: string[] = [];
  const isStamped = lines[report.line]?.stamped === true;
  let headline = 0;
  let panic = -1;
  const shared = STALLS.has(report.kind);
  for (let index = report.from; index < report.to; index += 1) {
    const line = lines[index];
    if (line === undefined) break;
    if (index === report.line) headline = text.length;
    if (index === report.panics[0]) panic = text.length;
    const foreign =
      report.caller !== null && line.caller !== null && line.caller !== report.caller && !shared;
    // The last words may be another's.
    const ends = panic !== -1 && (REBOOTING.test(line.text) || PANIC_END.test(line.text));
    if (foreign && !ends) continue;
    text.push(line.text);
    if (line.stamped || !isStamped) own.push(line.text);
  }
  return { text, own, headline, panic };
}

/** What the other CPUs say when a panic stops them, caller by caller. */
export function othersAfterPanic(lines: readonly LogLine[], { panics, caller, to }: RawReport): string[][] {
  const [panic] = panics;
  if (panic === undefined || caller === null) return [];
  const groups = new Map<string, string[]>();
  for (const line of lines.slice(panic, to)) {
    if (line.caller === null || line.caller === caller) continue;
    groups.set(line.caller, [...(groups.get(line.caller) ?? []), line.text]);
  }
  return [...groups.values()];
}
