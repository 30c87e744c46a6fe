import { CPU } from './lines.ts';
import { type Architecture, releaseOf } from './machine.ts';

type Said = readonly [words: string, pattern: RegExp, since: number];

/**
 * arm64, arch/arm64/mm/fault.c mem_abort_decode(), each with a release that says it for sure; the first one since Linux
 * 4.14.
 */
const ABORT: readonly Said[] = [
  ['Mem abort info:', /^Mem abort info:/, 414],
  ['ESR = …', /^\s*ESR = 0x/, 419],
  ['EC = …', /^\s*(?:EC = 0x|Exception class = )/, 414],
  ['SET = …', /^\s*SET = \d+, FnV = \d/, 414],
  ['EA = …', /^\s*EA = \d+, S1PTW = \d/, 414],
  ['FSC = …', /^\s*FSC = 0x/, 515],
];
/** data_abort_decode(), where the class is a data abort. */
const DATA_ABORT: readonly Said[] = [
  ['Data abort info:', /^Data abort info:/, 414],
  ['ISV = …', /^\s*(?:ISV = \d|Access size = |SSE = )/, 414],
  ['CM = …', /^\s*CM = \d+, WnR = \d/, 414],
  ['GCS = …', /^\s*GCS = \d/, 612],
];
/** show_pte() has nothing to show of such an address. */
const NO_TABLE =
  /^\[[0-9a-f]{16}\] (?:user address but active_mm is swapper|address between user and kernel)/;

/** What a kernel says of a fault before the line of die(), by architecture: Linux arch/…/mm/fault.c. */
export function faultHeadDamage(own: readonly string[], arch: Architecture): string[] {
  const says = (pattern: RegExp) => own.some((line) => pattern.test(line));
  const lacks = (pattern: RegExp, words: string) => (says(pattern) ? [] : [`“${words}” is missing.`]);
  const cause = () => lacks(/^Unable to handle kernel /, 'Unable to handle kernel …');
  if (arch === 'arm64' && says(/^Internal error: Oops: [0-9a-f]+ \[#\d+\]/)) {
    return [...cause(), ...abortDamage(own), ...(says(NO_TABLE) ? [] : tableDamage(own))];
  }
  if (arch === 'arm' && says(/^Internal error: Oops: [0-9a-f]+ \[#\d+\]/)) {
    return [...cause(), ...lacks(/^\[[0-9a-f]{8}\] \*pgd=/, '[…] *pgd=…')];
  }
  if (arch === 'riscv' && says(/^Oops \[#\d+\]/)) {
    return lacks(
      /^Unable to handle kernel |^Unable to handle .* at virtual address/,
      'Unable to handle kernel …',
    );
  }
  if (arch === 'powerpc') return powerpcDamage(own);
  return [];
}

function abortDamage(own: readonly string[]): string[] {
  const release = releaseOf(own) ?? 0;
  const says = (pattern: RegExp) => own.some((line) => pattern.test(line));
  const isData = own.some((line) => /^\s*(?:EC|Exception class) = .*DABT/.test(line));
  const expected = [ABORT, ...(isData ? [DATA_ABORT] : [])].flatMap((rows) => {
    // Who says one of the first says them all.
    const any = rows.some(([, pattern, since]) => since === 414 && says(pattern));
    return rows.filter(([, , since]) => release >= since || (any && since === 414));
  });
  return expected.filter(([, pattern]) => !says(pattern)).map(([words]) => `“${words}” is missing.`);
}

function tableDamage(own: readonly string[]): string[] {
  const table = own.some((line) => /^(?:\w+ pgtable: |pgd = )/.test(line));
  const entry = own.some((line) => /^\[[0-9a-f]{8,16}\] \*?pgd=/.test(line));
  return [
    ...(table ? [] : ['The line of the page table (“pgtable: …”) is missing.']),
    ...(entry ? [] : ['The row of page tables (“[…] pgd=…”) is missing.']),
  ];
}

/** arch/powerpc/mm/fault.c bad_page_fault(), kernel/traps.c __die(). */
function powerpcDamage(own: readonly string[]): string[] {
  const damage: string[] = [];
  const died = own.findIndex((line) => /^Oops: .*\[#\d+\]/.test(line));
  if (died === -1) return [];
  if (/bad area/.test(own[died] ?? '')) {
    if (!own.some((line) => /^(?:BUG: )?Unable to handle|^BUG: Kernel NULL|^Kernel attempted to/.test(line)))
      damage.push('What could not be handled is missing.');
    if (!own.some((line) => line.startsWith('Faulting instruction address: ')))
      damage.push('“Faulting instruction address: …” is missing.');
  }
  if ((releaseOf(own) ?? 0) >= 500 && !own.some((line) => /^[LB]E PAGE_SIZE=/.test(line)))
    damage.push('“… PAGE_SIZE=…” is missing.');
  return damage;
}

/** A stack that is full, where no die() tells of it: arm64's and riscv's handle_bad_stack(). */
export function overflowDamage(own: readonly string[], arch: Architecture): string[] {
  const rows = [
    'Task stack: ',
    'Overflow stack: ',
    ...(arch === 'arm64' ? ['ESR: 0x', 'FAR: 0x', 'IRQ stack: '] : []),
  ];
  const registers = own.some((line) => /^(?:pc : |epc : |\s*sp : )/.test(line));
  return [
    ...rows
      .filter((words) => !own.some((line) => line.startsWith(words)))
      .map((words) => `“${words.trim()}” is missing.`),
    ...(registers ? [] : ['The registers are missing.']),
    ...(own.some((line) => CPU.test(line)) ? [] : ['The “CPU: …” line is missing.']),
  ];
}
