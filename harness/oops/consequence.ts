import type { OopsKind } from './headline.ts';
import { BARRED, CAUSED, DIES } from './lines.ts';
import { type LogLine, secondsOf } from './log-line.ts';
import type { RawReport } from './report.ts';
import { sectionOf } from './sections.ts';

/** What panic() says after a report of die(): Linux kernel/exit.c, and the stacks that nobody survives. */
const DEADLY =
  /Fatal exception|Attempted to kill |Aiee, killing interrupt handler|Machine halted|[Kk]ernel stack overflow|Corrupt kernel stack/;
const PANIC_ON = /panic_on_\w+ (?:is )?set|: panic_on_|kasan\.fault=|scheduling while atomic/;
/** Of what has no end of its own: each has a setting that makes a panic of it. */
const NAMED: Partial<Record<OopsKind, RegExp>> = {
  'soft-lockup': /softlockup: |: hung tasks/,
  'hard-lockup': /Hard LOCKUP|hard LOCKUP/,
  'rcu-stall': /RCU Stall/,
  'hung-task': /hung_task: |: hung tasks/,
  oom: /[Oo]ut of memory|deadlocked on memory|panic_on_oom/,
  'workqueue-lockup': /workqueue|[Ss]tall/,
};
/** Nobody's consequence: a person's, or a dog's, own wish. */
const ALONE = /sysrq triggered|^VFS: |Requested init |No working init/;

/** Lines from a report's last part to its panic: `note: …`, and what others say meanwhile. */
const FAR = 100;
/** Of a hung task every lock is listed first, of a lockup each CPU. */
const FAR_ENDLESS = 1000;
/** From its last part to its panic, with a serial console between the two. */
const LATER_SECONDS = 60;

/**
 * Whether a panic is what this report led to. One that comes later in the life of a machine that survived is a crash of
 * its own.
 */
export function isConsequence(
  report: RawReport,
  ended: boolean,
  lines: readonly LogLine[],
  panic: number,
): boolean {
  const message = lines[panic]?.text.replace(/^Kernel panic(?: - not syncing)?:? ?/, '') ?? '';
  const { kind } = report;
  if (!isNear(report, lines, panic)) return false;
  // A panic inside panic(), until the end of the first.
  if (report.panics.length > 0) return !ended;
  if (kind in NAMED) return NAMED[kind]?.test(message) === true;
  if (DIES.has(kind)) return ended ? DEADLY.test(message) : !ALONE.test(message);
  // With panic_on_warn there is no end trace: who has one has lived on.
  if (kind === 'warning') return !ended && (PANIC_ON.test(message) || !ALONE.test(message));
  if (BARRED.has(kind)) return PANIC_ON.test(message) || !ended;
  return CAUSED.test(message) || DEADLY.test(message) || PANIC_ON.test(message) || !ALONE.test(message);
}

function isNear({ line, caller, kind }: RawReport, lines: readonly LogLine[], panic: number): boolean {
  const last = lastPart(lines, line, panic, caller);
  if (panic - last > (kind in NAMED ? FAR_ENDLESS : FAR)) return false;
  const [before, now] = [lines[last], lines[panic]].map((one) => (one ? secondsOf(one) : null));
  return before == null || now == null || now - before <= LATER_SECONDS;
}

function lastPart(lines: readonly LogLine[], first: number, panic: number, caller: string | null): number {
  for (let index = panic - 1; index > first; index -= 1) {
    const line = lines[index];
    const own = caller === null || line?.caller === null || line?.caller === caller;
    if (own && line && sectionOf(line.text) !== null) return index;
  }
  return first;
}
