const hex16 = '[0-9a-f]{16}|\\(ptrval\\)|\\(____ptrval____\\)';
const three = (a: string, b: string, c: string) =>
  new RegExp(`^${a}: +(?:${hex16}) ${b}: +(?:${hex16}) ${c}: +(?:${hex16})$`);

interface Row {
  name: string;
  begins: RegExp;
  whole: RegExp;
}

const row = (name: string, whole: RegExp, begins = new RegExp(`^${name}: `)): Row => ({
  name,
  begins,
  whole,
});

/** x86-64, in the order that __show_regs() prints them; what only some have is looked for in its place. */
const ROWS: readonly Row[] = [
  row(
    'RSP',
    /^RSP: [0-9a-f]{4}:(?:[0-9a-f]{16}|\(ptrval\)) +EFLAGS: [0-9a-f]{8}(?: ORIG_RAX: [0-9a-f]{16})?(?: <.*)?$/,
  ),
  row('RAX', three('RAX', 'RBX', 'RCX')),
  row('RDX', three('RDX', 'RSI', 'RDI')),
  row('RBP', three('RBP', 'R08', 'R09')),
  row('R10', three('R10', 'R11', 'R12')),
  row('R13', three('R13', 'R14', 'R15')),
  row('FS', /^FS: +[0-9a-f]{16}\([0-9a-f]{4}\) GS: *[0-9a-f]{16}\([0-9a-f]{4}\) knlGS: *[0-9a-f]{16}$/),
  row('CS', /^CS: +[0-9a-f]{4} DS: [0-9a-f]{4} ES: [0-9a-f]{4} CR0: [0-9a-f]{16}$/),
  row('CR2', three('CR2', 'CR3', 'CR4'), /^CR2: \S+ \S/),
];
const LAST = { user: 5, interrupted: 5, kernel: 8 };
const RIP = /^RIP: ?([0-9a-f]{4}):/;
const CODE = /^Code: /;
const CODE_WHOLE =
  /^Code: +(?:(?:[0-9a-f]{2} ){1,63}<[0-9a-f]{2}>(?: [0-9a-f]{2}){0,63} ?|Unable to access opcode bytes at .*|Bad RIP value\.?)$/;

/**
 * What is missing from the blocks of registers in these lines, a sentence each. A block in the middle of a trace (user
 * space, an interrupted function) ends with R13, one of the CPU that died goes on to CR2.
 *
 * @param release `5.10` as 510; null: not known
 */
export function findX86Damage(lines: readonly string[], release: number | null): string[] {
  const damage: string[] = [];
  let at = -1;
  let last = 0;
  let code = false;
  /** The row that was last seen. */
  let before = -1;
  const lacks = (name: string) => damage.push(`The register row ${name} is missing.`);
  const close = () => {
    for (const { name } of at === -1 ? [] : ROWS.slice(at, last + 1)) lacks(name);
    at = -1;
  };
  // Since Linux 4.18, or a little before.
  const codeFollows =
    (release !== null && release >= 418) ||
    lines.some((line, index) => CODE.test(line) && RIP.test(lines[index - 1] ?? ''));
  let inTrace = false;
  for (const line of lines) {
    if (/^\s*Call Trace:/.test(line)) inTrace = true;
    if (/^(?:---\[|Modules linked in:|CPU: |BUG: |WARNING: |Kernel panic)/.test(line)) {
      inTrace = false;
      before = -1;
    }
    const rip = RIP.exec(line);
    if (rip) {
      close();
      const user = rip[1] === '0033' || rip[1] === '0023';
      at = 0;
      before = -1;
      last = user ? LAST.user : inTrace ? LAST.interrupted : LAST.kernel;
      code = false;
      continue;
    }
    if (at === 0 && CODE.test(line)) {
      code = true;
      if (!CODE_WHOLE.test(line)) damage.push('The row Code is torn.');
      continue;
    }
    const found = ROWS.findIndex(({ begins }) => begins.test(line));
    if (found === -1) continue;
    const { name, whole } = ROWS[found] as Row;
    if (!whole.test(line)) damage.push(`The register row ${name} is torn.`);
    if (at === -1) {
      // Rows without the program counter that begins their block, or further ones of a block that may have them.
      if (found !== before + 1 || found <= LAST.user) {
        for (const skipped of ROWS.slice(0, found)) lacks(skipped.name);
        lacks('RIP');
        at = found + 1;
        last = found > LAST.user ? LAST.kernel : LAST.user;
        if (at > last) at = -1;
      }
      before = found;
      continue;
    }
    if (found === 0 && !code && codeFollows) damage.push('The row Code is missing.');
    if (found < at && found < before) {
      // The rest of this block, and the beginning of another.
      close();
      lacks('RIP');
      at = found;
    }
    before = found;
    for (const skipped of found > at ? ROWS.slice(at, found) : []) lacks(skipped.name);
    at = Math.max(at, found + 1);
    if (at > last && found >= 8) at = -1;
    else if (at > last && last === LAST.user) last = found >= 6 ? LAST.kernel : last;
    if (at > last) at = -1;
  }
  close();
  return [...new Set(damage), ...debugRegisters(lines), ...protectionKeys(lines, release)];
}

/** They come as two rows or not at all. */
function debugRegisters(lines: readonly string[]): string[] {
  const first = lines.filter((line) => line.startsWith('DR0: ')).length;
  const second = lines.filter((line) => line.startsWith('DR3: ')).length;
  return first === second ? [] : ['One of the two rows of debug registers is missing.'];
}

/** A processor that has them shows them with each block of the kernel's. */
function protectionKeys(lines: readonly string[], release: number | null): string[] {
  const last = lines.filter((line) => /^CR2: \S+ CR3: /.test(line));
  const blocks = last.length;
  const keys = lines.filter((line) => /^PKRU: [0-9a-f]{8}$/.test(line)).length;
  // Before, what stands between the two could end the block.
  const has = (release ?? 0) >= 418 && last.some((line) => hasProtectionKeys(line));
  return (keys === 0 && !has) || keys === blocks ? [] : ['A row PKRU is missing.'];
}

/** CR4.PKE, bit 22. */
function hasProtectionKeys(last: string): boolean {
  const cr4 = /CR4: [0-9a-f]{8}([0-9a-f]{8})$/.exec(last)?.[1];
  return cr4 !== undefined && Math.floor(Number.parseInt(cr4, 16) / 2 ** 22) % 2 === 1;
}

/** arm64: pstate, pc, lr, sp, and x0 to x29 once in each block. */
export function findArm64Damage(lines: readonly string[]): string[] {
  const starts = lines.flatMap((line, index) => (/^(?:pstate: |x29: ?)/.test(line) ? [index] : []));
  const blocks = starts.filter((index, order) => !(order > 0 && index - (starts[order - 1] ?? 0) < 8));
  const strays = lines.some((line) => /^(?:pc : |lr : |sp : |x\d+ ?: [0-9a-f]{16} )/.test(line));
  if (blocks.length === 0) return strays ? ['The register rows pstate and x29 are missing.'] : [];
  const damage: string[] = [];
  for (let register = 0; register <= 29; register += 1) {
    const name = new RegExp(`(?:^|\\s)${`x${register}`.padEnd(3)}: ?[0-9a-f]{16}(?:\\s|$)`);
    if (lines.filter((line) => name.test(line)).length > blocks.length)
      damage.push('The register rows pstate and x29 are missing.');
  }
  for (const from of blocks) {
    const block = lines.slice(from, from + 28);
    const end = block.findIndex((line) => /^\s*(?:Call trace:|---\[|Code: )/.test(line));
    const rows = (end === -1 ? block : block.slice(0, end)).join('\n');
    for (const label of ['pstate', 'pc ', 'lr ', 'sp ']) {
      if (!new RegExp(`^${label}: ?\\S`, 'm').test(rows))
        damage.push(`The register row ${label.trim()} is missing.`);
    }
    for (let register = 0; register <= 29; register += 1) {
      const name = `x${register}`.padEnd(3);
      if (!new RegExp(`(?:^|\\s)${name}: ?[0-9a-f]{16}(?:\\s|$)`, 'm').test(rows)) {
        damage.push(`The register ${name.trim()} is missing.`);
      }
    }
  }
  return [...new Set(damage)];
}

const RISCV =
  'ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6'.split(' ');

/** Linux 5.12 put two rows before the others, `epc : name` and ` ra : name`. */
const NAMES_ITS_ROWS = 512;

export function findRiscvDamage(lines: readonly string[], release: number | null): string[] {
  const from = lines.findIndex((line) => /^epc ?: [0-9a-f]{16}/.test(line));
  const epc = lines.some((line) => /^epc : \S+\+0x|^epc : 0x/.test(line));
  const ra = lines.some((line) => /^ ra : \S+\+0x|^ ra : 0x/.test(line));
  const strays = lines.some((line) =>
    /^(?: (?:gp|t1|t5) : [0-9a-f]{16}|status: [0-9a-f]{16} badaddr)/.test(line),
  );
  if (from === -1) return strays || epc || ra ? ['The register row epc is missing.'] : [];
  const named = epc || ra || (release ?? 0) > NAMES_ITS_ROWS;
  const rows = lines.slice(from, from + 24).join(' ');
  const missing = RISCV.filter((name) => !new RegExp(`(?:^|\\s)${name} ?: [0-9a-f]{16}`).test(rows));
  const status = lines
    .slice(from, from + 24)
    .some((line) => /^status: [0-9a-f]{16} badaddr: [0-9a-f]{16} cause: [0-9a-f]{16}$/.test(line));
  return [
    ...(named && !epc ? ['The row that names epc is missing.'] : []),
    ...(named && !ra ? ['The row that names ra is missing.'] : []),
    ...missing.map((name) => `The register ${name} is missing.`),
    ...(status ? [] : ['The status row is missing.']),
  ];
}
