import type { Body } from './body.ts';
import { readContext } from './context.ts';
import { frameOf } from './frames.ts';
import type { OopsKind } from './headline.ts';
import { CPU, DIES, END_TRACE, TRACE } from './lines.ts';
import { type Architecture, releaseOf } from './machine.ts';
import type { RawReport } from './report.ts';

const MARK = /^\s*<(\/?)(?:TASK|IRQ|NMI|SOFTIRQ)>\s*$/;
/** Where x86 came from user space, and where it was interrupted: the registers of that moment stand behind. */
const FROM_USER = /^ *entry_SYSCALL_64\w*\+0x/;
const INTERRUPTED = /^ *(?:asm_(?:sysvec_|exc_|common_interrupt)\w*|end_repeat_nmi)\+0x/;
/** Each stack of a trace is marked since then, x86; one that is broken has none. */
const MARKED = 516;

/** What a trace of x86 seems to lack, where nothing but the trace itself tells. */
export function bareTraces(text: readonly string[], kind: OopsKind): string[] {
  const marks = (releaseOf(text) ?? 0) >= MARKED && kind !== 'double-fault' && kind !== 'stack-overflow';
  const doubts = new Set<string>();
  let inside = false;
  for (const [index, line] of text.entries()) {
    if (!line.startsWith(' ') && !line.startsWith('Call')) continue;
    const next = text[index + 1] ?? '';
    const mark = MARK.exec(line);
    if (mark !== null) inside = mark[1] === '';
    if (inside && FROM_USER.test(line) && MARK.exec(next)?.[1] === '/')
      doubts.add('A trace that comes from user space does not show its registers: lost, or never said.');
    if (inside && INTERRUPTED.test(line) && frameOf(next) !== null)
      doubts.add('A trace does not show the registers of what was interrupted: lost, or never said.');
    if (marks && TRACE.test(line) && !MARK.test(next) && frameOf(next) === null)
      doubts.add('A call trace is empty: lost, or nobody could unwind it.');
  }
  return [...doubts];
}

/** Between the first line of an oops and its end trace one CPU is named: a second one has lost its report's head. */
export function secondHead({ text, panic }: Body, { kind, caller }: RawReport): string[] {
  if (!DIES.has(kind)) return [];
  const end = text.findIndex((line) => END_TRACE.test(line));
  const until = end === -1 ? panic : end;
  const heads = text.slice(0, until === -1 ? undefined : until).filter((line) => CPU.test(line)).length;
  if (heads < 2) return [];
  const why = caller === null ? 'another CPU speaks in between, or ' : '';
  return [
    `Two “CPU: …” lines stand before its end trace: ${why}the end of one report and the head of another are lost.`,
  ];
}

/** The kernel has no way on from a hard interrupt, an NMI, a double fault or the death of the idle task. */
export function lostPanic({ text, headline }: Body, report: RawReport, arch: Architecture): string[] {
  if (!DIES.has(report.kind) || report.panics.length > 0) return [];
  const context = readContext({ kind: report.kind, lines: text, from: headline, to: text.length }, null);
  const isDeadly =
    context === 'hardirq' ||
    context === 'nmi' ||
    (report.kind === 'double-fault' && arch === 'x86-64') ||
    /\bPID: 0 Comm: swapper/.test(text.find((line) => CPU.test(line)) ?? '');
  return isDeadly ? ['The panic that must follow is missing.'] : [];
}
