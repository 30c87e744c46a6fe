import { describe, expect, test } from 'vitest';

import { headlineOf, OOPS_KINDS } from '../../harness/oops/headline.ts';

const headlines: [line: string, kind: string][] = [
  ['Kernel panic - not syncing: sysrq triggered crash', 'panic'],
  ['BUG: kernel NULL pointer dereference, address: 0000000000000010', 'null-dereference'],
  ['BUG: unable to handle kernel NULL pointer dereference at 0000000000000010', 'null-dereference'],
  ['BUG: unable to handle page fault for address: ffffc90000000000', 'page-fault'],
  ['Oops: Oops: 0002 [#1] PREEMPT SMP NOPTI', 'page-fault'],
  ['Oops: 0002 [#1] PREEMPT SMP NOPTI', 'page-fault'],
  ['Oops: general protection fault, maybe for address 0x10: 0000 [#1] SMP', 'general-protection'],
  ['general protection fault: 0000 [#3] PREEMPT SMP', 'general-protection'],
  ['segment-related general protection fault: beec [#2] PREEMPT SMP', 'general-protection'],
  ['kernel BUG at mm/usercopy.c:102!', 'bug'],
  ['invalid opcode: 0000 [#1] PREEMPT SMP', 'invalid-opcode'],
  ['Oops: invalid opcode: 0000 [#1] PREEMPT SMP', 'invalid-opcode'],
  ['divide error: 0000 [#1] SMP', 'divide-error'],
  ['Oops: int3: 0000 [#1] SMP', 'breakpoint'],
  ['traps: PANIC: double fault, error_code: 0x0', 'double-fault'],
  ['BUG: IRQ stack guard page was hit at 000000001 (stack is 000000002..000000003)', 'stack-overflow'],
  ['Oops: stack segment: 0000 [#1] SMP', 'oops'],
  ['Oops [#1]', 'oops'],
  [
    'Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000',
    'null-dereference',
  ],
  ['Unable to handle kernel paging request at virtual address dfff800000000000', 'page-fault'],
  ['Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP', 'page-fault'],
  ['Internal error: Oops - BUG: 00000000f2000800 [#1] PREEMPT SMP', 'bug'],
  ['Internal error: synchronous external abort: 0000000096000210 [#1] SMP', 'oops'],
  ['WARNING: CPU: 0 PID: 139 at lib/refcount.c:28 refcount_warn_saturate+0xbe/0x110', 'warning'],
  ['WARNING: lib/refcount.c:28 at refcount_warn_saturate+0xbe/0x110, CPU#0: init/1', 'warning'],
  ['WARNING: [in_task()] lib/refcount.c:28 at refcount_warn_saturate+0xbe/0x110, CPU#0: init/1', 'warning'],
  ['WARNING: possible circular locking dependency detected', 'lockdep'],
  ['BUG: KASAN: slab-use-after-free in lock_timer_base+0x1d9/0x220', 'kasan'],
  ['UBSAN: shift-out-of-bounds in include/linux/log2.h:57:13', 'ubsan'],
  ['BUG kmalloc-64 (Not tainted): Right Redzone overwritten', 'slab'],
  ['BUG: scheduling while atomic: init/1/0x00000002', 'atomic-sleep'],
  ['watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [init:1]', 'soft-lockup'],
  ['watchdog: Watchdog detected hard LOCKUP on cpu 1', 'hard-lockup'],
  ['watchdog: CPU0: Watchdog detected hard LOCKUP on cpu 1', 'hard-lockup'],
  ['rcu: INFO: rcu_preempt self-detected stall on CPU', 'rcu-stall'],
  ['rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 0-...D } 4 jiffies', 'rcu-stall'],
  ['INFO: task init:1 blocked for more than 120 seconds.', 'hung-task'],
  ['stress invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE), order=0', 'oom'],
  ['BUG: Bad page state in process init  pfn:0c0de', 'other'],
];

describe('a headline', () => {
  test.each(headlines)('%j is of kind %s', (line, kind) => {
    expect(headlineOf(line)?.kind).toBe(kind);
    expect(OOPS_KINDS).toContain(kind);
  });

  test.each(headlines)('%j is none behind other words', (line) => {
    expect(headlineOf(`Kernel command line: panic=5 ${line}`)).toBeNull();
    expect(headlineOf(`the service said: "${line}"`)).toBeNull();
  });
});

test.each([
  'sysrq: Loglevel set to 9',
  'sysrq: Show State',
  'sysrq: Trigger a crash',
  'sysrq: Manual OOM execution',
  'Kernel command line: console=ttyS0 panic=5 oops=panic',
  'NMI watchdog: Perf NMI watchdog permanently disabled',
  'NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.',
  'NMI backtrace for cpu 0',
  'Call Trace:',
  'RIP: 0010:hrtimer_interrupt+0x0/0x230',
  '------------[ cut here ]------------',
  '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
  'INFO: lockdep is turned off.',
  'INFO: NMI handler (perf_event_nmi_handler) took too long to run: 2.277 msecs',
  'Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on',
  'WARNING: /etc/ssh/moduli does not exist, using fixed modulus',
  'traps: init[1] general protection fault ip:7feb96eb56a1 sp:20000fd0 error:0 in init[7feb96e75000+84000]',
  'init[1]: segfault at 4cb420 ip 00000000004cb420 sp 00007f27fd37a250 error 15',
  'x86/mm: Checked W+X mappings: passed, no W+X pages found.',
  'rcu: Hierarchical RCU implementation.',
  'Freeing unused kernel image (initmem) memory: 2784K',
  'panic',
  'Oops',
  'BUG:',
])('%j is no headline', (line) => {
  expect(headlineOf(line)).toBeNull();
});
