import { frameOf } from './frames.ts';
import { headlineOf, type OopsKind } from './headline.ts';
import { BARRED, CPU, DIES, HARDWARE, MODULES, TRACE } from './lines.ts';
import { type Architecture, releaseOf } from './machine.ts';
import type { RawReport } from './report.ts';

/** `<TASK>` without `</TASK>`, and the other way round. Before 5.16 `<EOI>` closed what `<IRQ>` had opened. */
export function marksOutOfPair(text: readonly string[]): string[] {
  const open = new Map<string, number>();
  for (const line of text) {
    if (!line.includes('<')) continue;
    for (const [, closes, name] of line.matchAll(/(?:^|\s)<(\/?)(TASK|IRQ|NMI|SOFTIRQ|EOI|EOE|#DF)>/g)) {
      const key = name === 'EOI' ? 'IRQ' : name === 'EOE' ? 'NMI' : (name ?? '');
      const shuts = closes === '/' || name === 'EOI' || name === 'EOE';
      open.set(key, (open.get(key) ?? 0) + (shuts ? -1 : 1));
    }
  }
  return [...open]
    .filter(([, count]) => count !== 0)
    .map(([name]) => `A mark of the ${name} stack stands alone.`);
}

/** Since then they say their name; for riscv it was 5.11 still while that was made. */
const NAMES_ITSELF: Partial<Record<Architecture, number>> = { riscv: 511, powerpc: 603 };

/** Since then a line of its own spells out the letters of a tainted kernel. */
const SPELLS_TAINT = 612;
const TAINTED = /^CPU: ?\d+ .*\bComm: .* Tainted: /;

/** Who says `Hardware name:` once says it each time; x86, arm and arm64 say it always. Its `CPU:` line stands before it. */
export function headersDamage(text: readonly string[], arch: Architecture, doubts: string[]): string[] {
  const always = arch === 'x86-64' || arch === 'arm64' || arch === 'arm';
  const says = always || text.some((line) => HARDWARE.test(line));
  if (!says) {
    const expected = (releaseOf(text) ?? 0) >= (NAMES_ITSELF[arch] ?? Infinity);
    if (arch === 'unknown' || expected)
      doubts.push('No “Hardware name:” line: lost, or this machine has none.');
    return [];
  }
  const damage: string[] = [];
  const spells = (releaseOf(text) ?? 0) >= SPELLS_TAINT;
  for (const [index, line] of text.entries()) {
    if (spells && TAINTED.test(line) && !meets(text.slice(index + 1), /^Tainted: \[/, CPU))
      damage.push('A “Tainted: […” line is missing.');
    if (CPU.test(line) && !meets(text.slice(index + 1), HARDWARE, CPU))
      damage.push('A “Hardware name:” line is missing.');
    if (HARDWARE.test(line) && !meets(text.slice(0, index).toReversed(), CPU, HARDWARE)) {
      damage.push('A “CPU: …” line is missing.');
    }
  }
  return damage;
}

/** Kinds whose every dump of a CPU ends in a call trace. */
export const TRACED: ReadonlySet<OopsKind> = new Set([
  'warning',
  'soft-lockup',
  'kasan',
  'panic',
  ...[...DIES].filter((kind) => kind !== 'stack-overflow'),
]);

export function untraced(text: readonly string[]): string[] {
  const dumps = text.filter((line) => CPU.test(line)).length;
  const traces = text.filter((line) => TRACE.test(line)).length;
  return dumps > traces ? ['A call trace is missing.'] : [];
}

/** The raw words of a stack, which x86 showed before each trace until Linux 4.9. */
const WORDS = /^\s+(?:[0-9a-f]{16} ){1,3}[0-9a-f]{16}$/;
/** What else a `Call Trace:` follows at once: a task's own line in two ages, the machine's name, x86's last registers. */
const BEFORE_TRACE =
  /^(?:task:\S.*\bstate:|\S+ +[A-Z] ?[0-9a-f]* +\d+ +\d+ 0x[0-9a-f]{8}$|Hardware name: |CR2: \S+ CR3: |DR3: |PKRU: )/;

/**
 * Frames that come right behind one of those have lost the line between the two; so have those behind a blank line
 * where each trace has a line that says what it is. Without callers another CPU may have spoken in between.
 */
export function beheadedTraces(text: readonly string[], { kind, caller }: RawReport): string[] {
  const beheaded = text.some((line, index) => {
    const before = text[index - 1];
    if (before === undefined || frameOf(line) === null) return false;
    if (WORDS.test(before) || (BARRED.has(kind) && before.trim() === '')) return true;
    return caller !== null && BEFORE_TRACE.test(before);
  });
  return beheaded ? ['The line that begins a call trace is missing.'] : [];
}

/** `cut here` opens a report, whose own first line must come before its CPU is named. */
export function headless(text: readonly string[]): string[] {
  let opened = false;
  for (const line of text) {
    if (/\[ cut here \]/.test(line)) opened = true;
    else if (headlineOf(line)) opened = false;
    else if (opened && (CPU.test(line) || MODULES.test(line)))
      return ['The first line of a report is missing.'];
  }
  return [];
}

const BETWEEN_BLOCKS =
  /^\s*(?:Call [Tt]race:|Backtrace:|RIP: |pc : |epc : |PC is at|---\[|={50,}$|Kernel panic|BUG: |WARNING: )/;

/** Whether the line that is looked for comes before another block begins. */
function meets(text: readonly string[], wanted: RegExp, own: RegExp): boolean {
  for (const line of text) {
    if (wanted.test(line)) return true;
    if (own.test(line) || BETWEEN_BLOCKS.test(line)) return false;
  }
  return false;
}
