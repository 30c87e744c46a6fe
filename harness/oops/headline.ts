/** Every kind of report this reader knows, most of them named as the kernel names them. */
export const OOPS_KINDS = [
  'none',
  'panic',
  // Processor exceptions and BUG(): the kernel's die() path, `… [#1] …`
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
  // Found by a check; the kernel goes on unless it was told to panic
  'warning',
  'kasan',
  'kfence',
  'kmsan',
  'kcsan',
  'ubsan',
  'slab',
  'lockdep',
  'atomic-sleep',
  'memory-leak',
  'soft-lockup',
  'hard-lockup',
  'rcu-stall',
  'hung-task',
  'workqueue-lockup',
  'oom',
  // An `INFO: …` that has no name above
  'info',
  // A `BUG: …` that has no name above
  'other',
] as const;
export type OopsKind = (typeof OOPS_KINDS)[number];

/**
 * What a headline is to its report: `cause` comes before the die() line of the same report, `die` is that
 * line (`… [#1] …`), `panic` is the end of a chain, `kill` closes an OOM report, `report` stands alone, `detail` is a
 * line from inside one, which is a report only where the lines before it are lost, and `hint` one that firmware and
 * programs write as well: it takes the kernel's own timestamp to believe it.
 */
export type HeadlinePart = 'cause' | 'die' | 'panic' | 'kill' | 'report' | 'detail' | 'hint';

export interface Headline {
  part: HeadlinePart;
  kind: Exclude<OopsKind, 'none'>;
}

type Row = readonly [part: HeadlinePart, kind: Headline['kind'], pattern: RegExp];

/** Linux before about 6.9 wrote the trap's name without `Oops: ` in front of it. */
function trap(kind: Headline['kind'], name: string): Row {
  return ['die', kind, new RegExp(`^(?:Oops: )?${name}: [0-9a-f]{4} \\[#\\d+\\]`)];
}

/**
 * Lines a report begins with, the first match counts. All are anchored: the same words inside a command line,
 * a file name or a user's message are no crash.
 */
const HEADLINES: readonly Row[] = [
  ['panic', 'panic', /^Kernel panic - not syncing(?::|$)/],
  ['panic', 'panic', /^Kernel panic: /],

  ['cause', 'null-dereference', /^BUG: kernel NULL pointer dereference, address: /],
  ['cause', 'null-dereference', /^BUG: unable to handle kernel NULL pointer dereference at /],
  ['cause', 'page-fault', /^BUG: unable to handle page fault for address: /],
  ['cause', 'page-fault', /^BUG: unable to handle kernel paging request at /],
  ['cause', 'bug', /^[Kk]ernel BUG at /],
  ['cause', 'stack-overflow', /^BUG: (?:\S+ )?stack guard page was hit at /],
  ['cause', 'double-fault', /^(?:traps: )?PANIC: double fault, error_code: /],
  ['cause', 'null-dereference', /^Unable to handle kernel NULL pointer dereference at virtual address /],
  ['cause', 'page-fault', /^Unable to handle kernel .+ at virtual address /],
  ['cause', 'page-fault', /^BUG: unable to handle kernel\b/],
  ['cause', 'page-fault', /^Unable to handle kernel /],
  ['cause', 'oops', /^Unhandled (?:fault|prefetch abort): /],
  ['cause', 'oops', /^Alignment trap: not handling instruction /],
  ['cause', 'null-dereference', /^BUG: Kernel NULL pointer dereference/],
  ['cause', 'page-fault', /^(?:BUG: )?Unable to handle (?:kernel|unknown)\b/],
  ['cause', 'stack-overflow', /^Insufficient stack space to handle exception!/],

  trap('general-protection', '(?:segment-related )?general protection fault(?:,? .+)?'),
  trap('invalid-opcode', 'invalid opcode'),
  trap('divide-error', 'divide[ _]error'),
  trap('breakpoint', 'int3'),
  trap('double-fault', 'double fault'),
  trap('stack-overflow', 'stack guard page'),
  trap('page-fault', 'Oops'),
  ['die', 'page-fault', /^Oops: [0-9a-f]{4} \[#\d+\]/],
  trap('oops', '(?:stack segment|segment not present|invalid TSS|alignment check|bounds)'),
  ['die', 'oops', /^Oops\b.*\[#\d+\]/],
  ['die', 'bug', /^Internal error: Oops - BUG: .*\[#\d+\]/],
  ['die', 'invalid-opcode', /^Internal error: Oops - [Uu]ndefined instruction: .*\[#\d+\]/],
  ['die', 'breakpoint', /^Internal error: Oops - BRK: .*\[#\d+\]/],
  ['die', 'page-fault', /^Internal error: Oops: .*\[#\d+\]/],
  ['die', 'oops', /^Internal error: .*\[#\d+\]/],
  ['die', 'oops', /^[A-Za-z][\w ,:-]*: [0-9a-f]{4}(?: ilc:\d)? \[#\d+\]/],

  // Linux 6.19 turned `CPU: 0 PID: 1 at FILE:LINE SYMBOL` into `FILE:LINE at SYMBOL, CPU#0: …`, with the
  // condition in brackets before it where the kernel was built to keep it.
  ['report', 'warning', /^WARNING: (?:CPU: \d+ PID: \d+ )?at /],
  ['report', 'warning', /^WARNING: (?:\[.+\] )?\S+:\d+ at /],
  ['report', 'kasan', /^BUG: KASAN: /],
  ['report', 'kfence', /^BUG: KFENCE: /],
  ['report', 'kmsan', /^BUG: KMSAN: /],
  ['report', 'kcsan', /^BUG: KCSAN: /],
  ['report', 'ubsan', /^UBSAN: .+ in /],
  ['report', 'slab', /^BUG \S+ \((?:Not tainted|Tainted: [^)]*)\): /],
  ['report', 'lockdep', /^WARNING: (?:possible|inconsistent lock state|suspicious RCU usage)/],
  [
    'report',
    'lockdep',
    /^WARNING: (?:bad unlock|held lock freed|lock held when|Nested lock|.+ still has locks held)/,
  ],
  ['report', 'lockdep', /^WARNING: \S+-safe -> \S+-unsafe lock order detected/],
  ['report', 'lockdep', /^\[ (?:INFO|BUG): .+ \]$/],
  ['report', 'lockdep', /^INFO: trying to register non-static key/],
  ['report', 'atomic-sleep', /^BUG: sleeping function called from invalid context at /],
  ['report', 'atomic-sleep', /^BUG: scheduling while atomic: /],
  ['report', 'memory-leak', /^BUG: memory leak/],
  ['report', 'workqueue-lockup', /^BUG: workqueue lockup - pool\b/],
  ['report', 'soft-lockup', /^(?:NMI )?(?:watchdog: )?BUG: soft lockup - CPU#\d+ stuck for /],
  [
    'report',
    'hard-lockup',
    /^(?:NMI )?(?:watchdog: )?(?:CPU ?\d+:? )?(?:Watchdog |self-)?detected hard LOCKUP /,
  ],
  [
    'report',
    'rcu-stall',
    /^(?:rcu: )?INFO: rcu\w* (?:self-detected stall|detected (?:expedited )?stalls) on /,
  ],
  ['report', 'hung-task', /^INFO: task .{1,30} blocked (?:in I\/O wait )?for more than \d+ seconds\./],
  // A task's name has up to 15 bytes.
  ['report', 'oom', /^.{1,15} invoked oom-killer: gfp_mask=/],
  ['kill', 'oom', /^(?:Out of memory|Memory cgroup out of memory): Kill(?:ed)? process \d+ /],
  ['report', 'warning', /^WARNING: kernel stack (?:regs|frame pointer) at /],
  ['report', 'memory-leak', /^unreferenced object 0x[0-9a-f]+ \(size \d+\):/],
  ['report', 'slab', /^Bad page state in process /],
  ['report', 'other', /^BUG: \S/],
  ['report', 'other', /^PANIC: early exception /],
  ['report', 'other', /^irq \d+: nobody cared/],
  ['report', 'other', /^VFS: (?:Close: file count is|Busy inodes after unmount)/],
  ['report', 'other', /^unregister_netdevice: waiting for \S+ to become free/],
  ['report', 'other', /^swap_info_get: Bad swap file entry /],
  ['report', 'other', /^rust_kernel: panicked at /],
  ['report', 'other', /^(?:mce: )?\[Hardware Error\]: (?:CPU \d+: )?Machine Check(?: Exception)?: /],
  ['detail', 'other', /^---\[ end trace \w+ \]---$/],
  ['detail', 'panic', /^(?:---\[ end Kernel panic|Rebooting in \d+ seconds\.\.$)/],
  ['detail', 'rcu-stall', /^(?:rcu: )?rcu_\w+ kthread (?:starved|timer wakeup)/],
  [
    'hint',
    'warning',
    /^WARNING: (?!\/etc|.*(?:workqueue cpumask|mand mount option|DT_FLAGS_1|Unprivileged eBPF|fbcon: |for mitigation options|stack trace|[Mm]ultiple|locale))/,
  ],
  [
    'hint',
    'info',
    /^INFO: (?!lockdep is turned off|NMI handler|Stall ended|recovery required|.*took too long|sys_\S+ is not|no syscalls)/,
  ],
];

/** All of them at once: nearly every line of a log is none. */
const ANY_HEADLINE = new RegExp(HEADLINES.map(([, , pattern]) => pattern.source).join('|'));

/** The report that this line of message text begins or carries on, or null for any other line. */
export function headlineOf(line: string): Headline | null {
  if (!ANY_HEADLINE.test(line)) return null;
  for (const [part, kind, pattern] of HEADLINES) {
    if (pattern.test(line)) return { part, kind };
  }
  return null;
}
