const hex16 = '[0-9a-f]{16}';

type Row = readonly [register: string, whole: RegExp];

function three(first: string, second: string, third: string): Row {
  return [first, new RegExp(`^${first}: ${hex16} ${second}: ${hex16} ${third}: ${hex16}$`)];
}

/**
 * The rows of a kernel-mode register block on x86-64 since Linux 4.18, in the order of show_iret_regs() and
 * __show_regs() (arch/x86/kernel/dumpstack.c, process_64.c). `Code:` shows 42 bytes, the marked one, 21 more.
 */
const ROWS: readonly Row[] = [
  ['RIP', /^RIP: [0-9a-f]{4}:(?:\S+\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[.+\])?|0x[0-9a-f]+)$/],
  [
    'Code',
    /^Code: (?:(?:[0-9a-f]{2} ){42}<[0-9a-f]{2}>(?: [0-9a-f]{2}){21}|Unable to access opcode bytes at .+\.|Bad RIP value\.)$/,
  ],
  ['RSP', new RegExp(`^RSP: [0-9a-f]{4}:${hex16} EFLAGS: [0-9a-f]{8}(?: ORIG_RAX: ${hex16})?$`)],
  three('RAX', 'RBX', 'RCX'),
  three('RDX', 'RSI', 'RDI'),
  three('RBP', 'R08', 'R09'),
  three('R10', 'R11', 'R12'),
  three('R13', 'R14', 'R15'),
  ['FS', new RegExp(`^FS: +${hex16}\\([0-9a-f]{4}\\) GS: *${hex16}\\([0-9a-f]{4}\\) knlGS: *${hex16}$`)],
  ['CS', new RegExp(`^CS: +[0-9a-f]{4} DS: [0-9a-f]{4} ES: [0-9a-f]{4} CR0: ${hex16}$`)],
  three('CR2', 'CR3', 'CR4'),
];

/** Printed only where the processor has protection keys switched on. */
const PROTECTION_KEYS: Row = ['PKRU', /^PKRU: [0-9a-f]{8}$/];

/**
 * The first row that is missing or torn in `lines[from…to)`, named by its first register; null where the block
 * is whole. Other lines may stand between two rows: another CPU may print at the same time.
 */
export function missingRegisterRow(
  lines: readonly string[],
  from: number,
  to: number,
  withProtectionKeys: boolean,
): string | null {
  const expected = withProtectionKeys ? [...ROWS, PROTECTION_KEYS] : ROWS;
  let found = 0;
  for (let index = from; index < to; index += 1) {
    if (expected[found]?.[1].test(lines[index] ?? '') === true) found += 1;
  }
  return expected[found]?.[0] ?? null;
}

/** How the report's first register block, in `lines[from…to)`, was written. */
interface RegisterStyle {
  /** There is a register block of x86-64 at all. */
  x86: boolean;
  /** Linux 4.18 put `Code:` next to `RIP:`, and began to repeat the whole block after the end trace. */
  repeated: boolean;
  protectionKeys: boolean;
}

/** Reads only how the block looks, not whether it is whole. */
export function readRegisterStyle(lines: readonly string[], from: number, to: number): RegisterStyle {
  const style = { x86: false, repeated: false, protectionKeys: false };
  let code = false;
  for (let index = from; index < to; index += 1) {
    const line = lines[index] ?? '';
    if (line.startsWith('RIP: ')) code = false;
    else if (line.startsWith('Code: ')) code = true;
    else if (line.startsWith('RSP: ')) {
      style.x86 = true;
      style.repeated ||= code;
    } else if (PROTECTION_KEYS[1].test(line)) style.protectionKeys = true;
  }
  return style;
}
