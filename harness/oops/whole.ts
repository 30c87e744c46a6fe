import { findArmDamage, findPowerpcDamage } from './arm-powerpc-registers.ts';
import { bareTraces, lostPanic, secondHead } from './bare-traces.ts';
import { bodyOf, othersAfterPanic } from './body.ts';
import { beheadedTraces, headersDamage, headless, marksOutOfPair, TRACED, untraced } from './dump-heads.ts';
import { ends } from './end.ts';
import { BOOT, CPU, DIES, END_TRACE, LOCATED, LOSS } from './lines.ts';
import type { LogLine } from './log-line.ts';
import { gapsIn } from './gaps.ts';
import { architectureOf, releaseOf } from './machine.ts';
import { openingDoubts } from './opening.ts';
import { panicDamage } from './panic-end.ts';
import { partsOf, REPEATS } from './parts.ts';
import { findArm64Damage, findRiscvDamage, findX86Damage } from './register-blocks.ts';
import type { RawReport } from './report.ts';
import type { LogContext } from './segments.ts';

/** Whether a report is all there, as far as its own structure says. */
export interface Wholeness {
  /** null: nothing is missing that must be there, but this report has no end that a text could show. */
  whole: boolean | null;
  /** What is missing or torn, or why nobody can say; a sentence each. */
  why: string[];
}

/** Of a text with several reports: one that is damaged damages it, one that nobody can judge leaves it open. */
export function judgeReports(
  lines: readonly LogLine[],
  reports: readonly RawReport[],
  { silent, died = false }: LogContext,
): Wholeness {
  const entangled = new Set(reports.filter((report) => isEntangled(lines, report, reports)));
  // Of two that run into each other one end is left over.
  const isOpen = (report: RawReport) =>
    entangled.has(report) || (entangled.size > 0 && END_TRACE.test(report.headline));
  const tainted = diedBefore(lines, reports, died);
  const judged = reports.map((report) => {
    if (isStopped(lines, report, reports)) return { whole: null, why: [STOPPED] };
    return isOpen(report)
      ? { whole: null, why: [ENTANGLED] }
      : judgeReport(lines, report, { silent, tainted: tainted.has(report) });
  });
  const damaged = judged.filter(({ whole }) => whole === false);
  if (damaged.length > 0) return { whole: false, why: damaged.flatMap(({ why }) => why) };
  const open = judged.filter(({ whole }) => whole === null);
  return { whole: open.length > 0 ? null : true, why: [...new Set(open.flatMap(({ why }) => why))] };
}

/** Reports that an oops came before, in the same boot. */
function diedBefore(lines: readonly LogLine[], reports: readonly RawReport[], died: boolean): Set<RawReport> {
  const tainted = new Set<RawReport>();
  let before = died;
  let from = 0;
  for (const report of reports) {
    if (before && lines.slice(from, report.line).some(({ text }) => BOOT.test(text))) before = false;
    if (before) tainted.add(report);
    if (DIES.has(report.kind)) before = true;
    from = report.line;
  }
  return tainted;
}

const STOPPED = 'A panic on another CPU cut a report short: how far it had come is not known.';
const ENTANGLED = 'Two oopses run into each other, and no line says who wrote it.';

/** An oops began before another one's end: on another CPU, or inside it; without callers nobody can tell them apart. */
function isEntangled(lines: readonly LogLine[], report: RawReport, reports: readonly RawReport[]): boolean {
  if (!DIES.has(report.kind)) return false;
  const at = reports.indexOf(report);
  const before = reports[at - 1];
  const runsInto = (first: RawReport | undefined, second: RawReport | undefined) =>
    first !== undefined &&
    second !== undefined &&
    first.caller === second.caller &&
    DIES.has(first.kind) &&
    DIES.has(second.kind) &&
    !isOver(lines.slice(first.line, second.line).map(({ text }) => text));
  return runsInto(report, reports[at + 1]) || runsInto(before, report);
}

/** An oops up to and with the registers that x86 repeats after its end trace. */
function isOver(text: readonly string[]): boolean {
  const end = text.findIndex((line) => END_TRACE.test(line));
  if (end === -1) return false;
  const repeats = architectureOf(text) === 'x86-64' && (releaseOf(text) ?? REPEATS) >= REPEATS;
  return !repeats || text.slice(end).some((line) => /^CR2: \S+ CR3: /.test(line));
}

/**
 * A panic on another CPU stops this one in the middle of its report: the kernel has never written the rest. That it was
 * in the middle shows where it spoke until right before the panic, or after it.
 */
function isStopped(lines: readonly LogLine[], report: RawReport, reports: readonly RawReport[]): boolean {
  const { caller, line } = report;
  if (caller === null || report.panics.length > 0) return false;
  const panic = reports
    .filter((other) => other.caller !== caller)
    .flatMap(({ panics }) => panics)
    .find((at) => at > line);
  if (panic === undefined) return false;
  const { text } = bodyOf(lines, report);
  const over = DIES.has(report.kind) ? isOver(text) : text.some((one) => ends(report, one));
  if (over) return false;
  return lines.slice(Math.max(line, panic - TURNS), report.to).some((one) => one.caller === caller);
}

/** Lines that others may say between two of one caller. */
const TURNS = 4;

/** One report by its own anatomy. */
function judgeReport(
  lines: readonly LogLine[],
  report: RawReport,
  { silent, tainted }: { silent: boolean; tainted: boolean },
): Wholeness {
  const own = bodyOf(lines, report);
  const arch = architectureOf(own.text);
  const doubts = openingDoubts(lines, report, releaseOf(own.text));
  const damage = [
    ...lossMarks(own.text),
    ...gapsIn(lines, report, () => isOver(own.text)),
    ...(report.panics.length > 0 ? panicDamage(own, arch, { silent, tainted }) : []),
    ...partsOf(report, own, arch, doubts),
    ...lostPanic(own, report, arch),
    ...marksOutOfPair(own.text),
    ...beheadedTraces(own.text, report),
    ...headless(own.text),
    ...(arch === 'x86-64' ? findX86Damage(own.text, releaseOf(own.text)) : []),
    ...(arch === 'arm64' ? findArm64Damage(own.text) : []),
    ...(arch === 'riscv' ? findRiscvDamage(own.text, releaseOf(own.text)) : []),
    ...(arch === 'powerpc' ? findPowerpcDamage(own.text, report.kind) : []),
    ...(arch === 'arm' && DIES.has(report.kind) ? findArmDamage(own.text) : []),
    ...headersDamage(own.text, arch, doubts),
    ...(TRACED.has(report.kind) && arch !== 'riscv' ? untraced(own.text) : []),
  ];
  for (const others of othersAfterPanic(lines, report)) damage.push(...headersDamage(others, arch, doubts));
  if (arch === 'x86-64') doubts.push(...bareTraces(own.own, report.kind));
  doubts.push(...secondHead(own, report));
  const captured = own.text.some((line) => CPU.test(line) && line.includes('Kdump: loaded'));
  if (captured && report.panics.length > 0) doubts.push('A capture kernel took over: its panic has no end.');
  if (silent && report.panics.length > 0) doubts.push('With panic=-1 a panic has no end.');
  if (report.panics.length > 0 && arch === 'unknown' && !own.text.some((line) => LOCATED.test(line)))
    doubts.push('No “Kernel Offset: …” line: lost, or this machine says none.');
  const over = report.panics.length > 0 || own.text.some((line) => ends(report, line));
  if (!over) doubts.push(`A report of kind ${report.kind} has no end that its text shows.`);
  if (damage.length > 0) return { whole: false, why: damage };
  if (doubts.length > 0) return { whole: null, why: doubts };
  return { whole: true, why: [] };
}

function lossMarks(text: readonly string[]): string[] {
  return text.some((line) => LOSS.test(line)) ? ['The kernel dropped messages inside the report.'] : [];
}
