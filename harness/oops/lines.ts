import type { OopsKind } from './headline.ts';

export const END_TRACE = /^---\[ end trace (?:\w+ )?\]---$/;
export const BAR = /^={50,}$/;
/** Lines that stand above the first of a report. */
export const OPENING = /^(?:={20,}|-{6,}\[ cut here \]-{6,}|-{3,}\[ cut here \]-{3,})$/;
/** The same, with what is left of a torn prefix before it. */
export const OPENED = /(?:={20,}|-{3,}\[ cut here \]-{3,})\s*$/;
export const BOOT = /^(?:Linux version \d|Booting Linux on physical CPU)/;
export const MODULES = /^\s*Modules linked in:/;
export const CPU = /^CPU: ?\d+ .*\bComm: /;
export const HARDWARE = /^Hardware name: /;
export const TRACE = /(?:Call [Tt]race|^\s*Backtrace): ?$/;
export const PANIC = /^Kernel panic - not syncing(?:: (.*))?$/;
export const PANIC_END = /^---\[ end Kernel panic - not syncing(?:: (.*))? \]---$/;
export const REBOOTING = /^Rebooting in \d+ seconds\.\.$/;
/** A panic that another report led to says so. */
export const CAUSED =
  /Fatal exception|panic_on_warn set|softlockup: |Hard LOCKUP|hung_task: |RCU Stall|: hung tasks|: [kK]ernel stack overflow$/;
/** A row of x86's registers, or what stands among them. */
export const REGISTERS = /^(?:RIP|Code|RSP|R[A-Z0-9]{2}|FS|CS|CR2|DR[0-7]|PKRU): ?/;
export const LOCATED = /^Kernel Offset: /;
export const LOSS = /^\*\* (?:\d+ printk messages? dropped|replaying previous printk message) \*\*/;

/** Reports of die(): processor exceptions and BUG(). */
export const DIES: ReadonlySet<OopsKind> = new Set([
  'null-dereference',
  'page-fault',
  'general-protection',
  'bug',
  'invalid-opcode',
  'divide-error',
  'breakpoint',
  'double-fault',
  'stack-overflow',
  'oops',
]);
/** Reports between two bars. */
export const BARRED: ReadonlySet<OopsKind> = new Set(['kasan', 'kfence', 'kmsan', 'kcsan']);
/** What another CPU says belongs to them as well: it is asked for its trace. */
export const STALLS: ReadonlySet<OopsKind> = new Set(['rcu-stall', 'soft-lockup', 'hard-lockup']);
