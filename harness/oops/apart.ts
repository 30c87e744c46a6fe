import { type CrashLog, CrashTally, readSegment } from './crash.ts';
import { ends } from './end.ts';
import { DIES } from './lines.ts';
import type { LogLine } from './log-line.ts';
import { findReports, type RawReport } from './report.ts';
import { BEFORE, type Segment, sinceOpening } from './segments.ts';

/** A stretch of a log with one crash in it, or with several that can't be told apart, and what it says. */
export interface Piece<Line extends LogLine = LogLine> {
  segment: Segment<Line>;
  log: CrashLog;
}

/** The crashes in a stretch, each by itself where each is judged so as it is among the others. */
export function apart<Line extends LogLine>(segment: Segment<Line>): Piece<Line>[] {
  const log = readSegment(segment);
  if (log.crashes.length === 0) return [];
  const groups = groupsOf(segment);
  const pieces = groups.map((group, at) => pieceOf(segment, group, groups[at + 1]?.[0]));
  if (agree(pieces, log)) return pieces;
  const all = [pieceOf(segment, groups.flat(), undefined)];
  return agree(all, log) ? all : [{ segment, log }];
}

/** Whether all that it tells of has come to an end that nothing can follow but a panic. */
export function isOver(segment: Segment): boolean {
  return findReports(segment.lines, segment.context).every((report) => hasEnd(segment.lines, report));
}

function hasEnd(lines: readonly LogLine[], report: RawReport): boolean {
  return lines.slice(report.line + 1, report.to).some(({ text }) => ends(report, text));
}

function groupsOf({ lines, context }: Segment): RawReport[][] {
  const groups: RawReport[][] = [];
  for (const report of findReports(lines, context)) {
    const before = groups.at(-1);
    if (before && before.some((one) => runsInto(lines, one, report))) before.push(report);
    else groups.push([report]);
  }
  return groups;
}

function runsInto(lines: readonly LogLine[], report: RawReport, next: RawReport): boolean {
  if (report.to > next.from) return true;
  const stopped = next.panics.length > 0 && report.caller !== null && report.caller !== next.caller;
  return (DIES.has(report.kind) || stopped) && !hasEnd(lines, report);
}

/** From its first line to the one behind it, where a loss shows; not into the next one. */
function pieceOf<Line extends LogLine>(
  { lines, numbers, first, before, context }: Segment<Line>,
  group: readonly RawReport[],
  next: RawReport | undefined,
): Piece<Line> {
  const from = Math.min(...group.map((report) => opening(lines, report)));
  const to = Math.max(...group.map((report) => report.to)) + 1;
  const end = next ? Math.min(to, opening(lines, next)) : to;
  const segment = {
    lines: lines.slice(from, end),
    numbers: numbers.slice(from, end),
    first: numbers[from] ?? first,
    before: before + from,
    context,
  };
  return { segment, log: readSegment(segment) };
}

/** Where a report begins, with the line that opens it. */
const opening = (lines: readonly LogLine[], { from }: RawReport) =>
  from - sinceOpening(lines.slice(Math.max(0, from - BEFORE), from));

function agree(pieces: readonly Piece[], log: CrashLog): boolean {
  const tally = new CrashTally();
  for (const piece of pieces) tally.add(piece.log);
  const { crashes, whole, why } = tally.log;
  return (
    whole === log.whole &&
    crashes.length === log.crashes.length &&
    why.length === new Set(log.why).size &&
    crashes.every(({ signature, panic }, at) => {
      const other = log.crashes[at];
      return signature === other?.signature && panic === other.panic;
    })
  );
}
