import type { ReportText } from './event.ts';
import type { OopsKind } from './headline.ts';
import { findTrace, type InnermostStack, readInnermostStack, sourceName } from './trace.ts';

/** Where the code ran that died. `unknown` whenever the text does not prove one of the others. */
export type CrashContext = 'task' | 'softirq' | 'hardirq' | 'nmi' | 'unknown';

/** Functions that do nothing but run softirqs; kallsyms may show the first by its section's start. */
const RUNS_SOFTIRQS = /^(?:__do_softirq|handle_softirqs|__softirqentry_text_start)$/;

/** Found on an interrupt stack, these have switched to it in order to run softirqs. */
const SWITCHED_FOR_SOFTIRQS = /^do_softirq(?:_own_stack)?$/;

/** Where an interrupt enters C code: x86 (`smp_…` before 5.8), then arm64. */
const ENTERS_HARDIRQ =
  /^(?:(?:__)?sysvec_\w+|(?:__)?common_interrupt|do_IRQ|smp_\w+_interrupt|do_interrupt_handler|gic_handle_irq)$/;

/** Between that entry and a driver's handler. A softirq may call these too, when it replays an interrupt. */
const HANDLES_HARDIRQ = /^(?:(?:__)?handle_irq_event(?:_percpu)?|handle_\w+_irq|hrtimer_interrupt)$/;

/** Nothing but a hard interrupt runs inside these: x86 (the last two before 5.8), then arm64. */
const INSIDE_HARDIRQ =
  /^(?:__sysvec_\w+|__common_interrupt|hrtimer_interrupt|do_IRQ|smp_\w+_interrupt|do_interrupt_handler|gic_handle_irq)$/;

/** Around one of those, and around the way back to what was interrupted: Linux kernel/entry/common.c. */
const AROUND_HARDIRQ = /^(?:sysvec_\w+|common_interrupt)$/;
const BACK_TO_TASK =
  /^(?:__schedule|schedule|preempt_schedule_irq|\w*irqentry_exit\w*|\w*exit_to_user_?mode\w*|task_work_run)$/;

/** Leaving an interrupt: the hard interrupt is over, a softirq is not yet proved. */
const LEAVES_INTERRUPT = /^(?:__)?irq_exit(?:_rcu)?$/;

/** Where a non-maskable interrupt enters C code (`do_nmi` before 5.8). */
const ENTERS_NMI = /^(?:exc_nmi|do_nmi|default_do_nmi)$/;

/** Where a stack of a task ends. */
const TASK_BASE =
  /^(?:entry_SYSCALL_\w+|do_syscall_64|ret_from_fork|ret_from_fork_asm|secondary_startup_64\w*|common_startup_64|start_kernel|secondary_start_kernel|el0t?_\w+|ret_from_(?:exception|syscall))$/;

/** Their first trace can be that of another CPU or task than the one at fault. */
const NOT_ITS_OWN_TRACE: ReadonlySet<OopsKind> = new Set(['rcu-stall', 'workqueue-lockup', 'memory-leak']);

/** x86's, then arm64's program counter. */
const FAULTING_FUNCTION = /^(?:RIP: [0-9a-f]{4}:(?:\[<[^>]*>\]\s+(?:\[<[^>]*>\]\s+)?)?|pc : )(\S+)\+0x/;
const OTHER_TASK = /^task:.+ state:/;

/** Decided by the structure of the report's first call trace, else by a panic message that says it. */
export function readContext(report: ReportText, panicMessage: string | null): CrashContext {
  const { kind, lines, from, to } = report;
  if (NOT_ITS_OWN_TRACE.has(kind)) return 'unknown';
  const start = findTrace(lines, from, to);
  if (start === -1) return contextOfPanic(panicMessage);
  const before = lines.slice(from, start);
  // panic_print= may list every task after a panic that has no trace of its own.
  if (kind !== 'hung-task' && before.some((line) => OTHER_TASK.test(line))) return 'unknown';

  const stack = readInnermostStack(lines, start, to);
  if (stack.functions.length === 0) return 'unknown';
  const faulting = before.map((line) => FAULTING_FUNCTION.exec(line)?.[1]).find(Boolean);
  if (faulting !== undefined) stack.functions.unshift(sourceName(faulting));
  return contextOfStack(stack);
}

/** In which context the innermost function of a stack runs: the first telling function outwards decides. */
export function contextOfStack({ section, functions, closed }: InnermostStack): CrashContext {
  switch (section) {
    case 'NMI':
      return 'nmi';
    case 'SOFTIRQ':
      return 'softirq';
    case 'IRQ':
      return interruptContext(functions, SWITCHED_FOR_SOFTIRQS);
    case 'TASK':
    case null:
      return onTaskStack(functions) ?? (closed ? 'task' : taskContext(functions));
    default:
      return 'unknown';
  }
}

function interruptContext(functions: readonly string[], alsoSoftirq?: RegExp): CrashContext {
  for (const name of functions) {
    if (RUNS_SOFTIRQS.test(name) || alsoSoftirq?.test(name) === true) return 'softirq';
    if (ENTERS_HARDIRQ.test(name)) return 'hardirq';
    if (LEAVES_INTERRUPT.test(name)) return 'unknown';
  }
  return functions.some((name) => HANDLES_HARDIRQ.test(name)) ? 'hardirq' : 'unknown';
}

/**
 * What interrupts a program in user space runs on the stack of its task, in x86 the non-maskable interrupt as well;
 * arm64 marks no stack. Null where nothing on it was an interrupt.
 */
function onTaskStack(functions: readonly string[]): CrashContext | null {
  for (const [index, name] of functions.entries()) {
    if (ENTERS_NMI.test(name)) return 'nmi';
    if (RUNS_SOFTIRQS.test(name)) return 'softirq';
    if (INSIDE_HARDIRQ.test(name)) return 'hardirq';
    if (LEAVES_INTERRUPT.test(name)) return 'unknown';
    if (AROUND_HARDIRQ.test(name)) return aroundInterrupt(functions.slice(0, index));
  }
  return null;
}

/** A task that was preempted on the way out of an interrupt still shows that interrupt's frames. */
function aroundInterrupt(inner: readonly string[]): CrashContext {
  if (inner.some((name) => BACK_TO_TASK.test(name))) return 'task';
  return inner.some((name) => HANDLES_HARDIRQ.test(name)) ? 'hardirq' : 'unknown';
}

/** Without its base a stack may go on, into a softirq for all we know. */
function taskContext(functions: readonly string[]): CrashContext {
  return functions.some((name) => TASK_BASE.test(name)) ? 'task' : 'unknown';
}

/** `Fatal exception in interrupt` is not among them: softirq and hard interrupt look alike in it. */
function contextOfPanic(message: string | null): CrashContext {
  if (message === null) return 'unknown';
  if (/^NMI: |^NMI IOCK error/.test(message)) return 'nmi';
  if (/^Fatal exception$|^Attempted to kill init!/.test(message)) return 'task';
  return 'unknown';
}
