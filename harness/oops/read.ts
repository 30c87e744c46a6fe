import { type CrashContext, readContext } from './context.ts';
import { type OopsEvent, findEvents } from './event.ts';
import type { OopsKind } from './headline.ts';
import { type ReadOptions, readOwnEnd, readPanicEnd, type Termination } from './terminator.ts';

/** What a text says about the first crash in it. */
export interface OopsReading extends Termination {
  /** The first event: an oops that ends in a panic is that oops. */
  kind: OopsKind;
  context: CrashContext;
  /** The kernel's own first line of the event. */
  title: string | null;
  /** The panic that the event ended in, or was; the first line of its message. */
  panic: { message: string } | null;
  /** What makes this reading less sure: lost lines, a second report, a boot inside the text. */
  warnings: string[];
}

/**
 * Reads the first crash report in a kernel's log. Never throws; takes time linear in the text.
 *
 * @param lines message text, one line each, without level, timestamp or caller (see `stripPrefix`)
 */
export function readOops(lines: readonly string[], options: ReadOptions = {}): OopsReading {
  const found = findEvents(lines);
  const [event, second] = found.events;
  if (event === undefined) return noCrash();

  const [panicLine] = found.panics;
  const panicMessage = panicLine === undefined ? null : messageOf(lines[panicLine] ?? '');
  const report = { kind: event.kind, lines, from: event.line, to: second?.start ?? found.end };
  // The panic's own trace is not that of the report that led to it.
  const beforePanic = event.kind === 'panic' ? report.to : Math.min(report.to, panicLine ?? report.to);
  const context = readContext({ ...report, to: beforePanic }, panicMessage);
  const termination =
    panicLine === undefined
      ? readOwnEnd(report, context, options)
      : readPanicEnd(lines, found.panics, found.end, options);
  return {
    kind: event.kind,
    context,
    title: lines[event.line] ?? null,
    panic: panicMessage === null ? null : { message: panicMessage },
    ...termination,
    warnings: [
      ...warnOfLostCause(event, panicMessage),
      ...warnOfMore(found.events, found.panics),
      ...warnOfLoss(lines, event.line, found.end),
    ],
  };
}

function noCrash(): OopsReading {
  return {
    kind: 'none',
    context: 'unknown',
    title: null,
    panic: null,
    terminated: null,
    terminator: 'no crash, so no end to look for',
    warnings: [],
  };
}

function messageOf(panicLine: string): string {
  return panicLine.replace(/^Kernel panic - not syncing:? ?/, '');
}

/** These panics are always said after the report that caused them. */
const CAUSED = /^Fatal exception|panic_on_warn set|^softlockup: |^Hard LOCKUP|^hung_task: |^RCU Stall/;

function warnOfLostCause(event: OopsEvent, panicMessage: string | null): string[] {
  return event.kind === 'panic' && CAUSED.test(panicMessage ?? '')
    ? ['the report that led to this panic is not in the text']
    : [];
}

function warnOfMore([, second]: readonly OopsEvent[], panics: readonly number[]): string[] {
  const warnings: string[] = [];
  if (second !== undefined) {
    warnings.push(`another report (${second.kind}) begins at line ${second.line + 1}`);
  }
  if (panics[1] !== undefined) warnings.push(`another panic begins at line ${panics[1] + 1}`);
  return warnings;
}

function warnOfLoss(lines: readonly string[], from: number, end: number): string[] {
  const text = lines.slice(from, end);
  const warnings: string[] = [];
  if (text.some((line) => /^\*\* \d+ printk messages? dropped \*\*/.test(line))) {
    warnings.push('the kernel dropped messages inside the report');
  }
  if (text.some((line) => line.startsWith('** replaying previous printk message **'))) {
    warnings.push('the kernel printed a message twice');
  }
  if (end < lines.length) warnings.push(`a boot begins at line ${end + 1}; what follows is not read`);
  return warnings;
}
