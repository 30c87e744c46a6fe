import { readFileSync } from 'node:fs';

import type { CrashContext } from '../../harness/oops/context.ts';
import type { OopsKind } from '../../harness/oops/headline.ts';
import { stripPrefix } from '../../harness/oops/prefix.ts';

export interface Fixture {
  file: string;
  kind: OopsKind;
  context: CrashContext;
  /** The line that ends the report, as a pattern; absent where the text has none. */
  end?: RegExp;
  panicTimeout?: number;
  panic?: string;
}

const inInterrupt = 'Fatal exception in interrupt';
const undefinedInInterrupt = `Oops - Undefined instruction: ${inInterrupt}`;
const lastRegisters = /^PKRU: /;
const endTrace = /^---\[ end trace/;

/** What each captured text is, known from how its guest was killed (fixtures/README.md). */
export const fixtures: Fixture[] = [
  endless('6.12/boot', 'none', 'unknown'),
  endless('6.12/sysrq-noise', 'none', 'unknown'),
  halting('6.12/sysrq-c', 'panic', 'task', 'sysrq triggered crash'),
  rebooting('6.12/sysrq-c-reboots', 'panic', 'task', 'sysrq triggered crash'),
  { ...endless('6.12/sysrq-c-resets', 'panic', 'task'), panic: 'sysrq triggered crash', panicTimeout: -1 },
  halting('6.12/keyboard', 'panic', 'hardirq', 'sysrq triggered crash'),
  halting('6.12/nmi', 'panic', 'nmi', 'NMI: Not continuing'),
  rebooting('6.12/init-exits', 'panic', 'task', 'Attempted to kill init! exitcode=0x00000700'),
  halting('6.12/hrtimer', 'invalid-opcode', 'hardirq', inInterrupt),
  // An interrupt of a program runs on the stack of its task.
  halting('6.12/hrtimer-in-user-space', 'invalid-opcode', 'hardirq', inInterrupt),
  halting('6.12/softirq-timer', 'invalid-opcode', 'softirq', inInterrupt),
  halting('6.12/softirq-loopback', 'invalid-opcode', 'softirq', inInterrupt),
  rebooting('6.12/softirq-entry', 'invalid-opcode', 'softirq', 'Attempted to kill the idle task!'),
  surviving('6.12/task', 'invalid-opcode', 'task', lastRegisters),
  halting('6.12/task-panics', 'invalid-opcode', 'task', 'Fatal exception'),
  surviving('6.12/null', 'null-dereference', 'task', lastRegisters),
  surviving('6.12/page-fault', 'page-fault', 'task', lastRegisters),
  surviving('6.12/gpf', 'general-protection', 'task', lastRegisters),
  surviving('6.12/divide', 'divide-error', 'task', lastRegisters),
  halting('6.12/breakpoint', 'breakpoint', 'task', inInterrupt),
  // The stack is gone: no frame of it is vouched for.
  halting('6.12/double-fault', 'double-fault', 'unknown', inInterrupt),
  halting('6.12/stack-overflow', 'stack-overflow', 'unknown', inInterrupt),
  rebooting('6.12/bug', 'bug', 'task', 'Fatal exception'),
  surviving('6.12/warning', 'warning', 'task', endTrace),
  halting('6.12/warning-panics', 'warning', 'task', 'kernel: panic_on_warn set ...'),
  endless('6.12/soft-lockup', 'soft-lockup', 'task'),
  halting('6.12/soft-lockup-panics', 'soft-lockup', 'task', 'softlockup: hung tasks'),
  surviving('6.12/oom', 'oom', 'task', /^Out of memory: Killed process/),
  halting('6.1/hrtimer', 'invalid-opcode', 'hardirq', inInterrupt),
  halting('6.1/nmi-in-user-space', 'panic', 'nmi', 'NMI: Not continuing'),
  halting('6.1/softirq-timer', 'invalid-opcode', 'softirq', inInterrupt),
  surviving('6.1/softirq-entry', 'invalid-opcode', 'softirq', lastRegisters),
  surviving('6.1/null', 'null-dereference', 'task', lastRegisters),
  // The unwinder lost its way behind the overwritten instructions: every frame has its `?`.
  surviving('6.1/gpf', 'general-protection', 'unknown', lastRegisters),
  halting('6.1/double-fault', 'double-fault', 'unknown', inInterrupt),
  surviving('6.1/warning', 'warning', 'task', endTrace),
  rebooting('6.1/bug', 'bug', 'task', 'Fatal exception'),
  endless('6.1/rcu-stall', 'rcu-stall', 'unknown'),
  halting('arm64-6.12/sysrq-c', 'panic', 'task', 'sysrq triggered crash'),
  rebooting('arm64-6.12/sysrq-c-reboots', 'panic', 'task', 'sysrq triggered crash'),
  halting('arm64-6.12/init-exits', 'panic', 'task', 'Attempted to kill init! exitcode=0x00000100'),
  halting('arm64-6.12/hrtimer', 'invalid-opcode', 'hardirq', undefinedInInterrupt),
  halting('arm64-6.12/softirq-timer', 'invalid-opcode', 'softirq', undefinedInInterrupt),
  surviving('arm64-6.12/task', 'invalid-opcode', 'task', endTrace),
  halting(
    'arm64-6.12/task-panics',
    'invalid-opcode',
    'task',
    'Oops - Undefined instruction: Fatal exception',
  ),
  surviving('arm64-6.12/null', 'null-dereference', 'task', endTrace),
  surviving('arm64-6.12/page-fault', 'page-fault', 'task', endTrace),
  surviving('arm64-6.12/breakpoint', 'breakpoint', 'task', endTrace),
  halting('arm64-6.12/stack-overflow', 'stack-overflow', 'unknown', 'kernel stack overflow'),
];

function endless(file: string, kind: OopsKind, context: CrashContext): Fixture {
  return { file, kind, context };
}

function surviving(file: string, kind: OopsKind, context: CrashContext, end: RegExp): Fixture {
  return { file, kind, context, end };
}

function halting(file: string, kind: OopsKind, context: CrashContext, panic: string): Fixture {
  return { file, kind, context, end: /^---\[ end Kernel panic/, panicTimeout: 0, panic };
}

function rebooting(file: string, kind: OopsKind, context: CrashContext, panic: string): Fixture {
  return { file, kind, context, end: /^Rebooting in 5 seconds\.\.$/, panicTimeout: 5, panic };
}

/** The lines of a captured text, without their prefixes. */
export function readFixture(file: string): string[] {
  const text = readFileSync(new URL(`fixtures/${file}.txt`, import.meta.url), 'latin1');
  return text.split('\n').map(stripPrefix);
}

/** The fixtures whose report has an end in the text, with their lines and the index of that end. */
export function terminatedFixtures() {
  return fixtures.flatMap((fixture) => {
    const { end } = fixture;
    if (end === undefined) return [];
    const lines = readFixture(fixture.file);
    return [{ ...fixture, lines, endLine: endOfFirstReport(lines, end) }];
  });
}

/** The end line of the first report: registers are shown twice in it, everything else once. */
function endOfFirstReport(lines: readonly string[], end: RegExp): number {
  const places = lines.flatMap((line, index) => (end.test(line) ? [index] : []));
  return places[end === lastRegisters ? 1 : 0] ?? -1;
}
