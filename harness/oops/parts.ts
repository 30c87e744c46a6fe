import type { Body } from './body.ts';
import { faultHeadDamage, overflowDamage } from './fault-head.ts';
import type { OopsKind } from './headline.ts';
import { BAR, BARRED, CAUSED, CPU, DIES, END_TRACE, MODULES, PANIC_END, REBOOTING, TRACE } from './lines.ts';
import { type Architecture, releaseOf } from './machine.ts';
import type { RawReport } from './report.ts';

/** What each kind says in any case. */
export function partsOf(report: RawReport, body: Body, arch: Architecture, doubts: string[]): string[] {
  const { text, panic, headline } = body;
  const { kind } = report;
  // Another CPU's panic may have come in the middle of it: without callers the rest of it stands behind.
  const before = panic === -1 ? text : text.slice(0, panic);
  const own = BARRED.has(kind) && closingBar(before, headline) === -1 ? text : before;
  if (/^Rebooting|^---\[ end Kernel panic/.test(report.headline)) return ['Its beginning is missing.'];
  if (report.panics.length === 0 && text.some((line) => REBOOTING.test(line) || PANIC_END.test(line))) {
    return ['The panic’s first line is missing: only its end is there.'];
  }
  if (report.headline.startsWith('---[ end trace')) return ['Its beginning is missing.'];
  if (kind === 'panic')
    return CAUSED.test(report.headline) ? ['The report that led to the panic is missing.'] : [];
  // How many lines memory and tasks take differs from machine to machine.
  if (kind === 'oom') doubts.push('What an OOM report lists can’t be counted.');
  if (kind === 'warning') return warningDamage(own, panic !== -1);
  if (BARRED.has(kind)) return barredDamage(kind, own, headline);
  // arm64 has no die() for a stack that is full: only a panic.
  if (report.headline.startsWith('Insufficient stack space')) {
    if (panic === -1) return ['The panic that must follow is missing.'];
    return overflowDamage(before, arch);
  }
  if (DIES.has(kind)) return dieDamage(report, own, arch, doubts);
  if (kind === 'soft-lockup' || kind === 'hard-lockup') doubts.push(...modulesDoubts(own));
  // The registers of the CPU that hangs, or what it said of itself.
  if (kind === 'soft-lockup' && !own.some((line) => CPU.test(line) || /^Pid: \d+/.test(line)))
    return ['The “CPU: …” line is missing.'];
  return [];
}

function warningDamage(own: readonly string[], panics: boolean): string[] {
  const damage: string[] = [];
  const modules = own.findIndex((line) => MODULES.test(line));
  const cpu = own.findIndex((line) => CPU.test(line));
  const registers = own.some((line) => /^\s*(?:RIP: |RSP: |pc : |epc : |PC is at)/.test(line));
  if (modules === -1 && (cpu !== -1 || registers || !panics)) damage.push('“Modules linked in:” is missing.');
  if (cpu === -1 && (registers || !panics)) damage.push('The “CPU: …” line is missing.');
  if (!panics) {
    if (!own.some((line) => END_TRACE.test(line))) damage.push('The end trace is missing.');
    if (!hasTrace(own)) damage.push('The call trace is missing.');
  }
  return damage;
}

/** Of a stack that nobody can unwind the line stands there without a frame. */
function hasTrace(own: readonly string[]): boolean {
  return own.some((line) => TRACE.test(line) || /^status: [0-9a-f]+ badaddr/.test(line));
}

/** Of a double or an invalid free older kernels say no more than that. */
const ACCESS =
  /^(?:Read|Write) (?:of size \d+|at addr )|^(?:Double-)?[Ff]ree of addr |^Invalid free|^BUG: KASAN: (?:double-free|invalid-free)/;

/** Index of the bar that closes a report; -1 where there is none. It is like the one that opened it. */
function closingBar(text: readonly string[], headline: number): number {
  const opening = text[headline - 1] ?? '';
  return text.findIndex(
    (line, index) => index > headline && BAR.test(line) && (!BAR.test(opening) || line === opening),
  );
}

function barredDamage(kind: OopsKind, own: readonly string[], headline: number): string[] {
  const damage: string[] = [];
  const until = closingBar(own, headline);
  if (until === -1) damage.push('The closing bar is missing.');
  const inside = until === -1 ? own : own.slice(0, until);
  if (!inside.some((line) => CPU.test(line))) damage.push('The “CPU: …” line is missing.');
  if (kind === 'kasan') {
    if (!hasTrace(inside)) damage.push('The call trace is missing.');
    if (!inside.some((line) => ACCESS.test(line))) {
      damage.push('What was accessed is missing.');
    }
    const state = inside.some((line) => line.startsWith('Memory state around the buggy address'));
    const rows = inside.filter((line) => /^[ >]?[0-9a-f]{8,16}: ?(?:[0-9a-f]{2} ?){8,}/.test(line)).length;
    if (state && rows < 5) damage.push(`Of the memory around the address ${5 - rows} rows are missing.`);
    if (!state && rows > 0) damage.push('“Memory state around …” is missing.');
  }
  if (kind === 'kcsan') {
    if (!inside.some((line) => line.startsWith('Reported by Kernel Concurrency Sanitizer on:')))
      damage.push('“Reported by …” is missing.');
    const accesses = inside.filter((line) =>
      /^(?:read|write|read-write|assert no \w+) .*to 0x|^race at unknown origin/.test(line),
    );
    if (accesses.length < 2) damage.push('One of the two accesses is missing.');
  }
  return damage;
}

/** A kernel built without modules says none. */
function modulesDoubts(own: readonly string[]): string[] {
  if (own.some((line) => MODULES.test(line))) return [];
  return ['“Modules linked in:” is missing: lost, or the kernel was built without modules.'];
}

function dieDamage(
  report: RawReport,
  own: readonly string[],
  arch: Architecture,
  doubts: string[],
): string[] {
  const damage: string[] = [];
  const died = own.findIndex((line) => /\[#\d+\]/.test(line));
  if (died === -1 && arch !== 'other')
    damage.push('The line of the exception itself (“… [#1] …”) is missing.');
  if (arch === 'x86-64' && FAULTS.has(report.kind)) damage.push(...faultDamage(own));
  damage.push(...faultHeadDamage(own, arch));
  if (arch === 'x86-64') damage.push(...stackHeadDamage(own));
  if (report.kind === 'invalid-opcode' && /cut here/.test(own[0] ?? ''))
    damage.push('The “kernel BUG at …” line is missing.');
  if (arch === 'arm64' && died !== -1 && !own.some((line) => line.startsWith('Code: ')))
    damage.push('The row Code is missing.');
  if (!own.some((line) => CPU.test(line))) damage.push('The “CPU: …” line is missing.');
  doubts.push(...modulesDoubts(own));
  if (!own.some((line) => /^\s*(?:RIP|EIP|IP|PC is at|pc :|epc :|NIP|Krnl PSW)/.test(line)))
    damage.push('The registers are missing.');
  if (!hasTrace(own)) damage.push('The call trace is missing.');
  const end = own.findIndex((line) => END_TRACE.test(line));
  if (end !== -1 && arch === 'x86-64') damage.push(...summaryDamage(own, end, doubts));
  if (!own.some((line) => END_TRACE.test(line)) && report.panics.length === 0)
    damage.push('The end trace is missing.');
  if (!own.some((line) => END_TRACE.test(line)) && report.panics.length > 0)
    damage.push('The end trace before the panic is missing.');
  return damage;
}

/** Until Linux 4.18 the code and the place stood before the end trace, arch/x86/kernel/dumpstack.c __die(). */
function oldSummaryDamage(own: readonly string[]): string[] {
  const code = own.some((line) => line.startsWith('Code: '));
  const place = own.some((line) => /^RIP(?!: ?[0-9a-f]{4}:)/.test(line));
  return [
    ...(code ? [] : ['The row Code is missing.']),
    ...(place ? [] : ['The second row RIP, before the end trace, is missing.']),
  ];
}

/** arch/x86/kernel/traps.c says what became of the stack before die() does; until Linux 5.6 it could be left out. */
function stackHeadDamage(own: readonly string[]): string[] {
  const says = (pattern: RegExp) => own.some((line) => pattern.test(line));
  const damage: string[] = [];
  if (says(/^(?:Oops: )?stack guard page: [0-9a-f]{4} \[#/) && !says(/^BUG: .*stack guard page was hit at /))
    damage.push('“BUG: … stack guard page was hit …” is missing.');
  const always = (releaseOf(own) ?? 0) >= 506;
  if (
    always &&
    says(/^(?:Oops: )?double fault: [0-9a-f]{4} \[#/) &&
    !says(/^(?:traps: )?PANIC: double fault, /)
  )
    damage.push('“PANIC: double fault, …” is missing.');
  return damage;
}

const FAULTS: ReadonlySet<OopsKind> = new Set(['page-fault', 'null-dereference']);

/** What arch/x86/mm/fault.c says of each. */
function faultDamage(own: readonly string[]): string[] {
  const damage: string[] = [];
  const release = releaseOf(own) ?? 0;
  const says = (pattern: RegExp) => own.some((line) => pattern.test(line));
  if (!says(/^PGD /)) damage.push('The row of page tables (“PGD …”) is missing.');
  if (!says(/^CR2: [0-9a-f]{16}$/)) damage.push('The address of the fault (“CR2: …”) is missing.');
  if (release >= EXPLAINS_FAULTS && !(says(/^#PF: \w+ .+ in \w+ mode$/) && says(/^#PF: error_code\(/))) {
    damage.push('One of the two “#PF: …” lines is missing.');
  }
  return damage;
}

const EXPLAINS_FAULTS = 502;

/** Linux 4.18 on repeats the registers after the end trace, arch/x86/kernel/dumpstack.c oops_end(). */
function summaryDamage(own: readonly string[], end: number, doubts: string[]): string[] {
  const repeated = own.slice(end).some((line) => /^CR2: \S+ CR3: /.test(line));
  const release = releaseOf(own);
  const first = own.slice(0, end).some((line) => /^CR2: \S+ CR3: /.test(line));
  if (repeated && !first) return ['The first block of registers, before the end trace, is missing.'];
  if (repeated) return [];
  if (release !== null && release < REPEATS) return oldSummaryDamage(own);
  if (release === null) doubts.push('Whether this kernel repeats its registers at the end is not said.');
  return release === null ? [] : ['The second block of registers, after the end trace, is missing.'];
}

export const REPEATS = 418;
