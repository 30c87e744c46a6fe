/** What the registers and functions of a report show it to be. */
export type Architecture = 'x86-64' | 'arm64' | 'riscv' | 'arm' | 'powerpc' | 'other' | 'unknown';

const MACHINES: readonly (readonly [Architecture, RegExp])[] = [
  ['powerpc', /^(?:NIP: +[0-9a-f]{8}|NIP \[|GPR\d\d: |\[c[0-9a-f]{15}\] \[[0-9a-f]{16}\] \.?[a-z_])/],
  ['riscv', /^(?:epc : |status: [0-9a-f]+ badaddr)/],
  [
    'arm',
    /^ ?\w+ from \w+\+0x|^(?:PC is at|Internal error: .* (?:ARM|THUMB2)$|\[<[0-9a-f]{8}>\] \(\S+\) from)/,
  ],
  [
    'arm64',
    /^(?:pstate: |x\d\d: [0-9a-f]{16}|Mem abort info:)|\bel[01](?:h|t)?_\w+\+0x|__arm64_sys_|at addr [0-9a-f]{2}ff0000|ffff0000[0-9a-f]{8}/,
  ],
  [
    'x86-64',
    /^(?:RIP: |RSP: |RAX: |R1[03]: |CR2: )|entry_SYSCALL_64|entry_SYSENTER|do_syscall_64|\bffff88[0-9a-f]{10}\b|ffffffff8[0-9a-f]{7}/,
  ],
  ['other', /^(?:Krnl PSW|EIP:)/],
];

export function architectureOf(text: readonly string[]): Architecture {
  for (const [name, signs] of MACHINES) if (text.some((line) => signs.test(line))) return name;
  return 'unknown';
}

/** `5.10` as 510, of the report's own `CPU:` line; null where it has none. */
export function releaseOf(text: readonly string[]): number | null {
  for (const line of text) {
    if (!line.startsWith('CPU: ')) continue;
    const release = /^CPU: .*? (\d+)\.(\d+)[.\w+-]*/.exec(line.replace(/Comm: \S+/, ''));
    if (release !== null) return Number(release[1]) * 100 + Number(release[2]);
  }
  return null;
}
