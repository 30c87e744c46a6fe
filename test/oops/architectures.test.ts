import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readCrashes } from '../../harness/oops/crash.ts';
import { readLog } from '../../harness/oops/log-line.ts';

const linesOf = (file: string) =>
  readFileSync(new URL(`fixtures/${file}.txt`, import.meta.url), 'latin1')
    .trimEnd()
    .split('\n');
const read = (lines: readonly string[]) => readCrashes(readLog(lines.join('\n')));

/** The lines that begin so, one after the other: the text must not be whole without any one. */
function unseen(lines: readonly string[], rows: readonly string[]): string[] {
  return rows.filter((row) => {
    const at = lines.findIndex((line) => line.replace(/^\[ *\d+\.\d+\] /, '').startsWith(row));
    expect([row, at]).not.toEqual([row, -1]);
    return read(lines.toSpliced(at, 1)).whole === true;
  });
}

const word = (at: number) => (0xc000_1000 + at).toString(16);
const words = (count: number) => Array.from({ length: count }, (_, at) => word(at)).join(' ');
const wide = (count: number) => Array.from({ length: count }, (_, at) => `c00000000000${word(at).slice(-4)}`);

const ARM = [
  '8<--- cut here ---',
  'Unable to handle kernel NULL pointer dereference at virtual address 00000004',
  '[00000004] *pgd=00000000',
  'Internal error: Oops: 5 [#1] SMP ARM',
  'Modules linked in:',
  'CPU: 0 PID: 77 Comm: writer Not tainted 6.12.30 #1',
  'Hardware name: Generic DT based system',
  'PC is at writer_write+0x10/0x40',
  'LR is at vfs_write+0xc0/0x2e0',
  'pc : [<c0101234>]    lr : [<c0205678>]    psr: 60000013',
  'sp : c0103fa0  ip : 00000000  fp : c0103fb4',
  'r10: c0001000  r9 : c0001001  r8 : c0001002',
  'r7 : c0001000  r6 : c0001001  r5 : c0001002  r4 : c0001003',
  'r3 : c0001000  r2 : c0001001  r1 : c0001002  r0 : c0001003',
  'Flags: nZCv  IRQs on  FIQs on  Mode SVC_32  ISA ARM  Segment none',
  'Control: 10c5387d  Table: 4000406a  DAC: 00000051',
  'Process writer (pid: 77, stack limit = 0x(ptrval))',
  'Stack: (0xc0103fa0 to 0xc0104000)',
  `3fa0: ${words(8)}`,
  `3fc0: ${words(8)}`,
  `3fe0: ${words(8)}`,
  'Backtrace: ',
  ' writer_write from vfs_write+0xc0/0x2e0',
  ' vfs_write from ksys_write+0x5c/0xd0',
  ' ksys_write from ret_fast_syscall+0x0/0x54',
  'Code: e1a0c00d e92dd800 e24cb004 e3a03000 (e5833004)',
  '---[ end trace 0000000000000000 ]---',
];

const gpr = (first: number, count = 4) => `GPR${String(first).padStart(2, '0')}: ${wide(count).join(' ')} `;
const POWERPC = [
  'BUG: Kernel NULL pointer dereference on write at 0x00000000',
  'Faulting instruction address: 0xc000000000101234',
  'Oops: Kernel access of bad area, sig: 11 [#1]',
  'LE PAGE_SIZE=64K MMU=Radix SMP NR_CPUS=2048 NUMA pSeries',
  'Modules linked in:',
  'CPU: 1 PID: 77 Comm: writer Not tainted 6.12.30 #1',
  'Hardware name: IBM pSeries (emulated by qemu) POWER9',
  'NIP:  c000000000101234 LR: c000000000205678 CTR: c000000000101224',
  'REGS: c000000003a3f8d0 TRAP: 0300   Not tainted  (6.12.30)',
  'MSR:  8000000000009033 <SF,EE,ME,IR,DR,RI,LE>  CR: 24002822  XER: 00000000',
  'CFAR: c000000000205674 DAR: 0000000000000000 DSISR: 42000000 IRQMASK: 0 ',
  ...[0, 4, 8, 12, 16, 20, 24, 28].map((first) => gpr(first)),
  'NIP [c000000000101234] writer_write+0x14/0x40',
  'LR [c000000000205678] vfs_write+0xe8/0x390',
  'Call Trace:',
  '[c000000003a3fb70] [c000000000205678] vfs_write+0xe8/0x390',
  '[c000000003a3fc30] [c000000000205a10] ksys_write+0x80/0x150',
  'Instruction dump:',
  '60000000 60000000 60000000 60000000 3c4c0123 38420000 7c0802a6 60000000 ',
  '39200000 38600000 4e800020 60000000 <91290000> 60000000 60000000 60000000 ',
  '---[ end trace 0000000000000000 ]---',
];

const row = (...names: string[]) => ` ${names.map((name) => `${name.padEnd(3)}: ${wide(1)[0]}`).join(' ')}`;
const RISCV = [
  'Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000',
  'Oops [#1]',
  'Modules linked in:',
  'CPU: 0 PID: 77 Comm: writer Not tainted 6.12.30 #1',
  'Hardware name: riscv-virtio,qemu (DT)',
  'epc : writer_write+0x14/0x40',
  ' ra : vfs_write+0xc2/0x2d4',
  row('epc', 'ra', 'sp').slice(1),
  row('gp', 'tp', 't0'),
  row('t1', 't2', 's0'),
  row('s1', 'a0', 'a1'),
  row('a2', 'a3', 'a4'),
  row('a5', 'a6', 'a7'),
  row('s2', 's3', 's4'),
  row('s5', 's6', 's7'),
  row('s8', 's9', 's10'),
  row('s11', 't3', 't4'),
  row('t5', 't6'),
  'status: 0000000200000120 badaddr: 0000000000000000 cause: 000000000000000f',
  '[<ffffffff80101234>] writer_write+0x14/0x40',
  '[<ffffffff80205678>] ksys_write+0x6a/0xd6',
  '---[ end trace 0000000000000000 ]---',
];

describe.each([
  ['arm', ARM],
  ['powerpc', POWERPC],
  ['riscv', RISCV],
])('an oops of %s', (arch, lines) => {
  test('is whole, and is not without any line but a frame and what some kernels say', () => {
    expect(read(lines)).toMatchObject({ whole: true, why: [] });
    const free = /\+0x[0-9a-f]+\/0x[0-9a-f]+$|^8<---|^CFAR: /;
    const rows = lines.filter((line) => !free.test(line) || /^(?:PC|LR|NIP|epc| ra)\b/.test(line));
    expect(rows.length).toBeGreaterThan(15);
    expect(unseen(lines, rows)).toEqual([]);
  });

  test('is not whole where all its registers are lost', () => {
    const registers = {
      arm: /^(?:[Pp][Cc] |LR |sp|r\d)/,
      powerpc: /^(?:NIP|REGS|MSR|CFAR|GPR|LR)/,
      riscv: /^(?:epc| ra| \w+ +:|status)/,
    };
    const pattern = registers[arch as keyof typeof registers];
    expect(read(lines.filter((line) => !pattern.test(line))).whole).toBe(false);
  });
});

test('powerpc saves only the volatile registers on some ways into the kernel', () => {
  const from = POWERPC.findIndex((line) => line.startsWith('GPR12'));
  const saved = POWERPC.toSpliced(from, 5, gpr(12, 2));
  expect(read(saved).whole).toBe(true);
  expect(read(saved.toSpliced(from - 1, 1)).whole).toBe(false);
});

describe('arm64', () => {
  const HEAD = ['Mem abort info:', '  ESR = ', '  EC = ', '  SET = ', '  EA = ', '  FSC = '];
  test('says of a fault what it was, and where the page tables have it', () => {
    expect(
      unseen(linesOf('arm64-6.12/null'), ['Unable to handle', ...HEAD, 'user pgtable: ', '[00']),
    ).toEqual([]);
    expect(
      unseen(linesOf('arm64-6.12/page-fault'), ['Unable to handle', ...HEAD, 'swapper pgtable: ', '[ffff']),
    ).toEqual([]);
  });

  test('says of a data abort more', () => {
    const lines = linesOf('arm64-6.12/page-fault').map((line) => line.replace('IABT', 'DABT'));
    expect(read(lines).whole).toBe(false);
    const at = lines.findIndex((line) => line.includes('FSC = '));
    const data = [
      'Data abort info:',
      '  ISV = 0, ISS = 0x00000004, ISS2 = 0x00000000',
      '  CM = 0, WnR = 0, TnD = 0, TagAccess = 0',
      '  GCS = 0, Overlay = 0, DirtyBit = 0, Xs = 0',
    ];
    const whole = lines.toSpliced(at + 1, 0, ...data);
    expect(read(whole)).toMatchObject({ whole: true });
    expect(unseen(whole, data)).toEqual([]);
  });

  test('an address without page tables has no rows of them', () => {
    const lines = linesOf('arm64-6.12/null');
    const at = lines.findIndex((line) => line.includes('user pgtable: '));
    const none = '[0000000000000000] user address but active_mm is swapper';
    expect(read(lines.toSpliced(at, 2, none)).whole).toBe(true);
  });

  test('a kernel that explained no aborts yet lacks none of it', () => {
    const old = linesOf('arm64-6.12/null')
      .filter((line) => !/\] (?:Mem abort info:|  [A-Z]+ = )/.test(line))
      .map((line) => line.replaceAll(/\b6\.12\.\d\S*/g, '4.9.1'));
    expect(read(old).whole).toBe(true);
  });

  test('a stack that is full', () => {
    const rows = [
      'Insufficient stack space',
      'ESR: 0x',
      'FAR: 0x',
      'Task stack: ',
      'IRQ stack: ',
      'Overflow stack: ',
    ];
    expect(unseen(linesOf('arm64-6.12/stack-overflow'), rows)).toEqual([]);
  });
});
