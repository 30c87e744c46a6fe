import type { CrashContext } from './context.ts';
import type { ReportText } from './event.ts';
import type { OopsKind } from './headline.ts';
import { BAR, DIES, END_TRACE } from './lines.ts';
import { missingRegisterRow, readRegisterStyle } from './registers.ts';

/** Is the report's own end there? */
export interface Termination {
  /** null where the text cannot tell: no crash, or a report that has no end of its own. */
  terminated: boolean | null;
  /** What was looked for and whether it was found, in words. */
  terminator: string;
}

/** What the lab knows beside the text. */
export interface ReadOptions {
  /** `panic=` of the guest in seconds, which decides how a panic ends. Without it both ends are accepted. */
  panicTimeout?: number;
  /** The guest was set to panic (`oops=panic`, `panic_on_warn=1`, …): a report without its panic was cut. */
  panicExpected?: boolean;
}

/** The closing lines of reports that are not a processor exception. Kinds that are not here have none. */
const CLOSING_LINES: Partial<Record<OopsKind, readonly [pattern: RegExp, words: string]>> = {
  warning: [END_TRACE, 'the end trace'],
  ubsan: [new RegExp(`${END_TRACE.source}|${BAR.source}`), 'the end trace or closing bar'],
  kasan: [BAR, 'the closing bar'],
  kfence: [BAR, 'the closing bar'],
  kmsan: [BAR, 'the closing bar'],
  kcsan: [BAR, 'the closing bar'],
};

/** The end of a report that no panic belongs to. */
export function readOwnEnd(report: ReportText, context: CrashContext, options: ReadOptions): Termination {
  const because = whyPanicMustFollow(report, context, options);
  if (because !== null) {
    return { terminated: false, terminator: `the panic that must follow (${because}) not found` };
  }
  if (DIES.has(report.kind)) return endOfOops(report);
  if (report.kind === 'oom') return endOfOutOfMemory(report);
  const closing = CLOSING_LINES[report.kind];
  if (closing === undefined) {
    return { terminated: null, terminator: `a report of kind ${report.kind} has no end that is judged` };
  }
  const [pattern, words] = closing;
  return found(indexOf(report.lines, pattern, report.from + 1, report.to) !== -1, words);
}

/** The kernel has no way on from a broken stack, a hard interrupt, an NMI or the death of the idle task. */
function whyPanicMustFollow(
  { kind, lines, from, to }: ReportText,
  context: CrashContext,
  { panicExpected = false }: ReadOptions,
): string | null {
  if (panicExpected) return 'the guest was set to panic';
  if (!DIES.has(kind)) return null;
  if (kind === 'double-fault' || kind === 'stack-overflow') return `no ${kind} is survived`;
  if (context === 'hardirq' || context === 'nmi') return `died in ${context} context`;
  const idle = indexOf(lines, /^CPU: \d+ .*\bPID: 0 Comm: swapper/, from, to) !== -1;
  return idle ? 'the idle task died' : null;
}

function endOfOops({ lines, from, to }: ReportText): Termination {
  const endTrace = indexOf(lines, END_TRACE, from, to);
  if (endTrace === -1) return found(false, 'the end trace');
  const style = readRegisterStyle(lines, from, endTrace);
  if (!style.x86) {
    // arm, arm64 and riscv name a program counter and end here; i386 (`EIP:`) and others are not judged.
    const endsHere = indexOf(lines, /^(?:Internal error: |pc : |epc : )/, from, endTrace) !== -1;
    if (endsHere) return found(true, 'the end trace');
    return { terminated: null, terminator: 'the end trace found; what follows it here is not known' };
  }
  const missing = missingRegisterRow(lines, endTrace + 1, to, style.protectionKeys);
  const words = 'the second register block after the end trace';
  if (missing === null) return found(true, words);
  if (!style.repeated) {
    return {
      terminated: null,
      terminator: 'the end trace found, in a form older than Linux 4.18: not judged',
    };
  }
  return { terminated: false, terminator: `${words} not found whole: no ${missing} row` };
}

const KILLED =
  /^(?:Out of memory|Memory cgroup out of memory): Killed process (\d+) \(.{1,15}\) total-vm:.* oom_score_adj:-?\d+$/;
const CHOSEN = /^oom-kill:.*,pid=(\d+),uid=\d+$/;

function endOfOutOfMemory({ lines, from, to }: ReportText): Termination {
  if (indexOf(lines, /^Out of memory and no killable processes\.\.\.$/, from, to) !== -1) {
    return found(true, '"no killable processes"');
  }
  if (indexOf(lines, /^(?:Out of memory|Memory cgroup out of memory): Kill process /, from, to) !== -1) {
    return { terminated: null, terminator: 'the killed process is told in an older form: not judged' };
  }
  const killed = KILLED.exec(lines[indexOf(lines, KILLED, from, to)] ?? '')?.[1];
  const chosen = CHOSEN.exec(lines[indexOf(lines, CHOSEN, from, to)] ?? '')?.[1];
  if (killed === undefined) return found(false, 'the line of the killed process');
  const same = chosen === undefined || chosen === killed;
  return found(same, same ? 'the line of the killed process' : `the line that process ${chosen} was killed`);
}

/**
 * The end of the panic whose first line is `lines[panics[0]]`: the only end that counts where there is a panic.
 * A panic inside panic() has the last word, so the last one's end marker counts as well.
 */
export function readPanicEnd(
  lines: readonly string[],
  panics: readonly number[],
  to: number,
  { panicTimeout }: ReadOptions,
): Termination {
  if (panicTimeout !== undefined && panicTimeout < 0) {
    return { terminated: null, terminator: 'with panic < 0 the kernel resets at once and writes no end' };
  }
  const [first = to] = panics;
  const last = panics.at(-1) ?? to;
  const halts = hasEndMarker(lines, first, to) || hasEndMarker(lines, last, to);
  const reboots = indexOf(lines, rebootLine(panicTimeout), last + 1, to) !== -1;
  if (panicTimeout === undefined) return found(halts || reboots, "the panic's end marker or its reboot line");
  if (panicTimeout === 0) return found(halts, "the panic's end marker with the same message");
  return found(reboots, `"Rebooting in ${panicTimeout} seconds.."`);
}

function rebootLine(panicTimeout: number | undefined): RegExp {
  return panicTimeout === undefined
    ? /^Rebooting in \d+ seconds\.\.$/
    : new RegExp(`^Rebooting in ${panicTimeout} seconds\\.\\.$`);
}

const PANIC_START = 'Kernel panic - not syncing: ';
const MARKER_START = `---[ end ${PANIC_START}`;
/** panic() holds its message in 1024 bytes; real ones have one line, rarely two or three. */
const MESSAGE_LINES = 16;

/** The marker repeats the message, over as many lines as the message has. */
function hasEndMarker(lines: readonly string[], panic: number, to: number): boolean {
  for (let index = panic + 1; index < to; index += 1) {
    if (lines[index]?.startsWith(MARKER_START) !== true) continue;
    for (let offset = 0; offset < MESSAGE_LINES; offset += 1) {
      const said = lines[panic + offset]?.slice(offset === 0 ? PANIC_START.length : 0);
      const repeated = lines[index + offset]?.slice(offset === 0 ? MARKER_START.length : 0);
      if (repeated === `${said} ]---`) return true;
      if (repeated !== said) break;
    }
  }
  return false;
}

function indexOf(lines: readonly string[], pattern: RegExp, from: number, to: number): number {
  for (let index = from; index < to; index += 1) if (pattern.test(lines[index] ?? '')) return index;
  return -1;
}

function found(terminated: boolean, words: string): Termination {
  return { terminated, terminator: `${words} ${terminated ? 'found' : 'not found'}` };
}
