import { ANCHORS, ENTRIES, isBlameless, isHelper } from './blameless.ts';
import { frameOf, functionName } from './frames.ts';
import type { OopsKind } from './headline.ts';
import { DIES, STALLS } from './lines.ts';
import type { LogLine } from './log-line.ts';
import type { RawReport } from './report.ts';

const ENTRY =
  /^(?:__x64_|__x32_|__ia32_|__arm64_|__riscv_|__se_|__do_|__s390x_|SYSC_|SyS_|compat_SYSC_|compat_SyS_|ksys_)(?:compat_)?/;

/** The program counter of a dead CPU: x86 in three ages, arm64 and arm, riscv, powerpc, s390. */
const COUNTER = [
  /^RIP: ?[0-9a-f]{4}:(?:\[<[^>]*>\]\s+(?:\[<[^>]*>\]\s+)?)?(\S+?)\+0x/,
  /^E?IP: (?:is at )?(?:\[<[^>]*>\] )?(\S+?)\+0x/,
  /^EIP is at (\S+?)\+0x/,
  /^RIP\s+(?:\[<[^>]*>\]\s+)?(\S+?)\+0x/,
  /^(?:PC is at|pc :|epc :) (\S+?)\+0x/,
  /^NIP \[[0-9a-f]+\] (\S+?)\+0x/,
  /^Krnl PSW : \S+ \S+ \((\S+?)\+0x/,
];
const COUNTS = /^(?:RIP|E?IP|PC is|pc :|epc :|NIP|Krnl)/;
/** What the headline itself names. */
const NAMED =
  /^(?:BUG: K[AMF]\w+: [\w -]*? in (\S+?)(?:\+0x|\s|$)|BUG: KCSAN: [\w-]+ in (\S+?)(?:\+0x\S+)?(?: \/ |$)|BUG: KMSAN: \S+ in (\S+?)\+0x|INFO: (?:Allocated|Freed) in (\S+?)\+0x|WARNING: (?:CPU: \d+ PID: \d+ )?at \S+:\d+ (\S+?)\+0x|WARNING: (?:\[.+\] )?\S+:\d+ at (\S+?)\+0x|Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: (\S+?)(?:\+0x|$))/;

/** Where the report's code went wrong, as far as the text says; null where it doesn't. */
export function functionAtFault(lines: readonly LogLine[], report: RawReport): string | null {
  const name = faultIn(ownLines(lines, report), lines[report.line]?.text ?? '', report);
  return name?.replace(/^synchronize_(?:sched|net|rcu\w+)$/, 'synchronize_rcu') ?? null;
}

function faultIn(own: readonly string[], headline: string, report: RawReport): string | null {
  const kind = report.kind;
  if (STALLS.has(kind) || /corrupted stack end/.test(report.headline)) return representative(own);
  const named = namedBy(headline);
  if (named !== null && !isBlameless(named)) return named;
  if (kind === 'lockdep') {
    const wanted = headline.includes('lock order detected') ? null : wantedLock(own);
    if (wanted !== null && !isBlameless(wanted) && !ANCHORS.test(wanted)) return wanted;
    const traced = framesOf(own.slice(traceIn(own, headline, kind))).find(
      (name) => !isBlameless(name) && !ANCHORS.test(name),
    );
    return traced ?? wanted;
  }
  if (
    !['warning', 'kasan', 'kmsan', 'kfence', 'kcsan', 'hung-task', 'atomic-sleep', 'lockdep'].includes(kind)
  ) {
    const counter = counterOf(own);
    const excused = DIES.has(kind) ? isHelper : isBlameless;
    if (counter !== null && !excused(counter)) return counter;
  }
  const traced = framesOf(own.slice(traceIn(own, headline, kind))).find((name) => !isBlameless(name)) ?? null;
  // Nothing between the helper and the way into the kernel: then it is the helper.
  return traced !== null && ENTRIES.test(traced) ? (named ?? counterOf(own) ?? traced) : traced;
}

/** Where its own trace begins: other stacks, of who allocated or locked something, may come before it. */
function traceIn(own: readonly string[], headline: string, kind: OopsKind): number {
  if (kind === 'lockdep') {
    const became = own.findIndex((text) => /^\.\.\. which became \S+-safe at:/.test(text));
    if (became !== -1 && headline.includes('lock order detected')) return became;
    const backtrace = own.findIndex((text) => text.startsWith('stack backtrace:'));
    if (backtrace !== -1) return backtrace;
  }
  const trace = own.findIndex((text) => /^\s*(?:Call [Tt]race|Backtrace):/.test(text));
  return trace === -1 || kind === 'memory-leak' || kind === 'kcsan' || kind === 'kfence' ? 0 : trace;
}

/** Of several that talk at the same time only who spoke the headline; what nobody signed is everybody's. */
function ownLines(lines: readonly LogLine[], { line, to, caller, panics, kind }: RawReport): string[] {
  const [panic = to] = panics;
  const traced = lines
    .slice(line, panic)
    .some(({ text }) => frameOf(text)?.reliable === true && frameOf(text)?.name !== namedBy(text));
  const end = kind === 'panic' || !traced ? to : panic;
  return lines
    .slice(line, end)
    .filter((one) => caller === null || one.caller === null || one.caller === caller || STALLS.has(kind))
    .map(({ text }) => text);
}

function namedBy(headline: string): string | null {
  const name = NAMED.exec(headline)?.slice(1).find(Boolean);
  return name === undefined ? null : functionName(name);
}

/** The function of the program counter that a report shows before its first trace. */
export function counterOf(own: readonly string[]): string | null {
  for (const text of own) {
    if (/^\s*(?:Call [Tt]race|Backtrace):/.test(text)) return null;
    const name = countedIn(text);
    if (name !== null) return name;
  }
  return null;
}

function countedIn(text: string): string | null {
  if (!COUNTS.test(text)) return null;
  for (const pattern of COUNTER) {
    const name = pattern.exec(text)?.[1];
    if (name !== undefined) return functionName(name);
  }
  return null;
}

/** `is trying to acquire lock:` and, in the next line, ` … at: function+0x12/0x34`. */
function wantedLock(own: readonly string[]): string | null {
  const wants = own.findIndex((text) =>
    /is trying to (?:acquire|release) lock|just changed the state of lock| takes:$|^\d+ locks? held by/.test(
      text,
    ),
  );
  if (wants === -1) return null;
  for (const text of own.slice(wants, wants + 3)) {
    const name = /at: (?:\[<[^>]*>\]\s+)?(\S+?)\+0x/.exec(text)?.[1];
    if (name !== undefined) return functionName(name);
  }
  return null;
}

/** Vouched for, innermost first, of the first trace that has any. */
function framesOf(own: readonly string[]): string[] {
  const names: string[] = [];
  let outer: string | null = null;
  for (const text of own) {
    const frame = frameOf(text);
    if (frame?.reliable !== true) continue;
    names.push(frame.name);
    if (frame.caller !== undefined) outer = frame.caller;
  }
  if (outer !== null && !names.includes(outer)) names.push(outer);
  return names;
}

/** Where an interrupt came in: what is below it was interrupted. */
const INTERRUPTED =
  /^(?:\w*apic_timer_interrupt\w*|asm_\w+|ret(?:int)?_\w*kernel\w*|preempt_schedule_irq|el1_\w+|el1h?_64_irq\w*|__irq_svc|call_on_irq_stack)$/;

/**
 * A loop is interrupted anywhere in it: what all its stalls share is the function that was asked to do the work, just
 * inside the code that only hands it on.
 */
function representative(own: readonly string[]): string | null {
  for (const { names, counter } of tracesOf(own)) {
    if (names.some((name) => /^rcu_gp_kthread|^default_idle|^native_safe_halt$/.test(name))) continue;
    const code = names.slice(interruptedAt(names));
    const anchor = code.findIndex((name) => ANCHORS.test(name));
    if (/^(?:smp_call_function|on_each_cpu)/.test(code[anchor] ?? '')) return 'smp_call_function';
    const work = anchor <= 0 ? workOf(own) : null;
    if (work !== null) return work;
    // The trace begins outside of the function that was interrupted.
    const itself = anchor === 0 && counter !== null && !isBlameless(counter) ? counter : undefined;
    const found =
      anchor > 0 ? code[anchor - 1] : (itself ?? code.find((one) => !isBlameless(one) && !ANCHORS.test(one)));
    if (found !== undefined) return found.replace(ENTRY, '');
  }
  return null;
}

/** `Workqueue: events name`: what the worker was given to do. */
function workOf(own: readonly string[]): string | null {
  const queue = own.find((text) => text.startsWith('Workqueue: '));
  return (queue && /^Workqueue: \S+ (\w+)/.exec(queue)?.[1]) ?? null;
}

/** Index of the first frame that did not belong to the interrupt which found the stall. */
function interruptedAt(names: readonly string[]): number {
  let at = names.findIndex((name) => INTERRUPTED.test(name));
  const finds = /^(?:tick_|update_process_times|hrtimer_interrupt|sched_show_task|nmi_|panic)/;
  if (at === -1 || !names.slice(0, at).some((name) => finds.test(name))) return 0;
  while (INTERRUPTED.test(names[at] ?? '')) at += 1;
  return at;
}

interface Trace {
  /** Vouched for, innermost first. */
  names: string[];
  /** The function of the registers that were shown before it. */
  counter: string | null;
}

function tracesOf(own: readonly string[]): Trace[] {
  const traces: Trace[] = [{ names: [], counter: null }];
  let counter: string | null = null;
  for (const text of own) {
    counter = countedIn(text) ?? counter;
    if (/^\s*(?:Call [Tt]race|Backtrace):/.test(text)) {
      traces.push({ names: [], counter });
      counter = null;
    }
    const frame = frameOf(text);
    if (frame?.reliable === true) traces.at(-1)?.names.push(frame.name);
  }
  return traces.filter(({ names }) => names.length > 0);
}
