import type { OopsKind } from './headline.ts';
import { DIES } from './lines.ts';

const lacks = (name: string) => `The register row ${name} is missing.`;

const hex8 = '[0-9a-f]{8}';
const four = (names: string) => new RegExp(`^${names.replaceAll(' ', ` *: ${hex8} +`)} *: ${hex8}\\s*$`);

/** 32-bit arm, arch/arm/kernel/process.c __show_regs() and traps.c __die(), of a kernel that died. */
const ARM: readonly (readonly [name: string, row: RegExp])[] = [
  ['PC is at', /^PC is at \S/],
  ['LR is at', /^LR is at \S/],
  ['pc', new RegExp(`^pc : \\[<${hex8}>\\] +lr : \\[<${hex8}>\\] +psr: ${hex8}\\s*$`)],
  ['sp', four('sp ip fp')],
  ['r10', four('r10 r9 r8')],
  ['r7', four('r7 r6 r5 r4')],
  ['r3', four('r3 r2 r1 r0')],
  ['Flags', /^(?:Flags: \S+ +IRQs \w+ .*Segment \w+|xPSR: )/],
  ['Process', /^Process .*\(pid: \d+, stack limit = /],
  ['Stack', /^Stack: \(0x/],
  ['Code', /^Code: .*\([0-9a-f]{4,8}\)/],
];

export function findArmDamage(lines: readonly string[]): string[] {
  const missing = ARM.filter(([, row]) => !lines.some((line) => row.test(line))).map(([name]) => name);
  // A processor without the control registers (Cortex-M) shows another word of flags.
  const control = lines.some((line) => /^(?:Control: [0-9a-f]{8}|xPSR: )/.test(line));
  return [...[...missing, ...(control ? [] : ['Control'])].map((name) => lacks(name)), ...stackRows(lines)];
}

/** `Stack: (0x9e4ffe10 to 0x9e500000)`: 32 bytes a row, the first one from a multiple of that. */
function stackRows(lines: readonly string[]): string[] {
  const at = lines.findIndex((line) => line.startsWith('Stack: (0x'));
  const [, from, to] = /\(0x([0-9a-f]+) to 0x([0-9a-f]+)\)/.exec(lines[at] ?? '') ?? [];
  if (from === undefined || to === undefined) return [];
  const first = Math.floor(Number.parseInt(from, 16) / 32);
  const expected = Math.min(Math.ceil(Number.parseInt(to, 16) / 32) - first, MOST_ROWS);
  const end = lines.findIndex(
    (line, index) => index > at && /^(?:Backtrace|Call trace|Code): ?|^---\[/.test(line),
  );
  const found = lines
    .slice(at + 1, end === -1 ? undefined : end)
    .filter((line) => /^[0-9a-f]{4}:(?: +[0-9a-f]{8})+\s*$/.test(line)).length;
  return found >= expected ? [] : [`Of the stack ${expected - found} rows are missing.`];
}

/** A stack of 8 or 16 KiB. */
const MOST_ROWS = 512;

/** powerpc, arch/powerpc/kernel/process.c __show_regs(): what one block has, all of them have. */
export function findPowerpcDamage(lines: readonly string[], kind: OopsKind): string[] {
  const count = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;
  const wide = count(/^GPR04: /) > 0 || count(/^(?:NIP|GPR\d\d): +[0-9a-f]{16}/) > 0;
  const step = wide ? 4 : 8;
  const values = new RegExp(`^GPR\\d\\d:(?: [0-9a-f]{8}(?:[0-9a-f]{8})?){${step}}\\s*$`);
  // An exception may have saved the volatile ones only: they end in the middle of a row.
  const saved = lines.find((line) => line.startsWith(wide ? 'GPR12: ' : 'GPR08: '));
  const all = saved === undefined || values.test(saved);
  const rows: [name: string, count: number][] = [
    ['NIP', count(/^NIP: +[0-9a-f]{8,16} +LR: +[0-9a-f]{8,16} +CTR: +[0-9a-f]{8,16}/)],
    ['REGS', count(/^REGS: \S+ TRAP: /)],
    ['MSR', count(/^\s*MSR: +[0-9a-f]{8,16}/)],
  ];
  for (let first = 0; first < (all ? 32 : 16); first += step) {
    const name = `GPR${String(first).padStart(2, '0')}`;
    const whole = lines.filter((line) => line.startsWith(`${name}: `) && (values.test(line) || !all));
    rows.push([name, whole.length]);
  }
  const blocks = Math.max(...rows.map(([, found]) => found), 0);
  // A WARNING is a trap there, and shows its registers as an oops does.
  if (blocks === 0) return kind === 'warning' || DIES.has(kind) ? ['The registers are missing.'] : [];
  const symbols: typeof rows = [
    ['NIP […]', count(/^NIP \[[0-9a-f]+\] /)],
    ['LR […]', count(/^LR \[[0-9a-f]+\] /)],
  ];
  const named = Math.max(...symbols.map(([, found]) => found));
  return [
    ...rows.filter(([, found]) => found < blocks).map(([name]) => lacks(name)),
    ...symbols.filter(([, found]) => found < named || named === 0).map(([name]) => lacks(name)),
    ...instructionDamage(lines),
  ];
}

/** show_instructions(): two rows of words, behind a line that says so or each behind `Code: `. */
function instructionDamage(lines: readonly string[]): string[] {
  const at = lines.findIndex((line) => /^Instruction dump:\s*$/.test(line));
  const rows = at === -1 ? lines.filter((line) => line.startsWith('Code: ')) : lines.slice(at + 1, at + 8);
  if (at === -1 && rows.length === 0) return ['The instruction dump is missing.'];
  const words = rows.filter((line) => /^(?:Code: )?(?:<?(?:[0-9a-f]{8}|X{8})>? ?){4,8}$/.test(line));
  return words.length >= 2 ? [] : ['Of the instruction dump a row is missing.'];
}
