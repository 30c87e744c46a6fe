import { describe, expect, test } from 'vitest';

import { contextOfStack } from '../../harness/oops/context.ts';
import { readOops } from '../../harness/oops/read.ts';
import { fixtures, readFixture } from './fixtures.ts';

/** A report around a call trace, a frame or mark a line. */
function contextOf(trace: string, headline = 'Oops: invalid opcode: 0000 [#1] SMP', rip?: string) {
  const marks = /^<\/?[A-Z]+>$/;
  const frames = trace
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => (marks.test(line) ? ` ${line}` : ` ${line}+0x10/0x20`));
  const registers = rip === undefined ? [] : [`RIP: 0010:${rip}`];
  return readOops([headline, ...registers, 'Call Trace:', ...frames, 'Modules linked in:']).context;
}

const contextOnTask = (trace: string, rip?: string) => contextOf(`<TASK>\n${trace}\n</TASK>`, undefined, rip);

test.each(fixtures)('the guest of $file died in $context context', ({ file, context }) => {
  expect(readOops(readFixture(file)).context).toBe(context);
});

describe('on an interrupt stack', () => {
  test('a handler that a vector entered is a hard interrupt', () => {
    expect(contextOf('<IRQ>\n__sysvec_apic_timer_interrupt\nsysvec_apic_timer_interrupt\n</IRQ>')).toBe(
      'hardirq',
    );
  });

  test('a softirq on the way out of a hard interrupt is a softirq', () => {
    const trace = '<IRQ>\ntcp_v4_rcv\nhandle_softirqs\n__irq_exit_rcu\nsysvec_apic_timer_interrupt\n</IRQ>';
    expect(contextOf(trace)).toBe('softirq');
  });

  test('a hard interrupt on top of a softirq is a hard interrupt', () => {
    const trace =
      '<IRQ>\nserio_interrupt\n__common_interrupt\ncommon_interrupt\nasm_common_interrupt\n__do_softirq\nirq_exit_rcu\nsysvec_x86_platform_ipi\n</IRQ>';
    expect(contextOf(trace)).toBe('hardirq');
  });

  test('an interrupt that a softirq replays is still that softirq', () => {
    expect(contextOf('<IRQ>\nhandle_edge_irq\ntasklet_action\nhandle_softirqs\n__irq_exit_rcu\n</IRQ>')).toBe(
      'softirq',
    );
  });

  test('a softirq asked for by a task is a softirq though its own frame is lost', () => {
    expect(contextOf('<IRQ>\ndo_softirq.part.0\n</IRQ>\n<TASK>\n__local_bh_enable_ip\n</TASK>')).toBe(
      'softirq',
    );
  });

  test('the first instruction of a softirq’s runner counts as the softirq', () => {
    const trace = '<IRQ>\n__irq_exit_rcu\nsysvec_apic_timer_interrupt\n</IRQ>';
    expect(contextOf(trace, undefined, '__do_softirq+0x0/0x1c6')).toBe('softirq');
    expect(contextOf(trace, undefined, 'tick_irq_exit+0x0/0x1c6')).toBe('unknown');
  });

  test('a handler whose vector was lost is a hard interrupt, other frames alone tell nothing', () => {
    expect(contextOf('<IRQ>\ni8042_interrupt\n__handle_irq_event_percpu\n</IRQ>')).toBe('hardirq');
    expect(contextOf('<IRQ>\ni8042_interrupt\n</IRQ>')).toBe('unknown');
  });

  test('a lost opening mark is made up for by the closing one', () => {
    expect(
      contextOf('hrtimer_interrupt\nsysvec_apic_timer_interrupt\n</IRQ>\n<TASK>\ndo_idle\n</TASK>'),
    ).toBe('hardirq');
  });
});

test('a softirq that its thread runs is a softirq, not a task', () => {
  expect(contextOf('<TASK>\nnet_rx_action\nhandle_softirqs\nrun_ksoftirqd\nkthread\n</TASK>')).toBe(
    'softirq',
  );
});

test('a stack that was cut may have been a softirq’s, one that reached a task’s base was not', () => {
  expect(contextOf('<TASK>\nnet_rx_action')).toBe('unknown');
  expect(contextOf('<TASK>\nnet_rx_action\nhandle_softirqs')).toBe('softirq');
  expect(contextOf('<TASK>\nvfs_write\ndo_syscall_64')).toBe('task');
});

test('an interrupt stack that lost all its frames hides where the code ran', () => {
  expect(contextOf('<IRQ>\n</IRQ>\n<TASK>\ndo_idle\n</TASK>')).toBe('unknown');
});

test('a task preempted on the way out of an interrupt is a task', () => {
  const trace =
    '<TASK>\n__schedule\npreempt_schedule_irq\nirqentry_exit\nsysvec_apic_timer_interrupt\n</TASK>';
  expect(contextOf(trace)).toBe('task');
});

describe('an interrupt of a program in user space runs on its task’s stack:', () => {
  test('a vector’s handler is a hard interrupt, whatever it called', () => {
    expect(contextOnTask('__sysvec_apic_timer_interrupt\nsysvec_apic_timer_interrupt')).toBe('hardirq');
    expect(contextOnTask('schedule\n__sysvec_irq_work\nsysvec_irq_work')).toBe('hardirq');
    expect(contextOnTask('handle_edge_irq\ncommon_interrupt\nasm_common_interrupt')).toBe('hardirq');
  });

  test('a non-maskable interrupt is one', () => {
    expect(contextOnTask('panic\nunknown_nmi_error\nexc_nmi\nasm_exc_nmi')).toBe('nmi');
  });

  test('on its way in and out it is proved neither interrupt nor task', () => {
    expect(contextOnTask('sysvec_apic_timer_interrupt', '__irq_exit_rcu+0x0/0xe0')).toBe('unknown');
    expect(contextOnTask('asm_sysvec_irq_work', 'sysvec_irq_work+0x0/0x90')).toBe('unknown');
  });

  test('what it does before it goes back to the program, the task does', () => {
    expect(contextOnTask('task_work_run\nirqentry_exit_to_user_mode\nsysvec_irq_work')).toBe('task');
    expect(contextOnTask('x\nexit_to_user_mode_loop\nsysvec_irq_work\nasm_sysvec_irq_work')).toBe('task');
  });

  test('so it was where stacks were not marked, before 5.16', () => {
    const functions = ['__schedule', 'preempt_schedule_irq', 'irqentry_exit', 'sysvec_irq_work'];
    expect(contextOfStack({ section: null, functions, closed: false })).toBe('task');
    expect(contextOfStack({ section: null, functions: ['x', 'do_IRQ'], closed: false })).toBe('hardirq');
  });
});

test('an NMI on top of an interrupt is an NMI', () => {
  expect(contextOf('<NMI>\npanic\nexc_nmi\n</NMI>\n<IRQ>\nhrtimer_interrupt\n</IRQ>')).toBe('nmi');
});

test('stacks whose every frame is unreliable are passed over', () => {
  const trace =
    '<NMI>\n? nmi_cpu_backtrace\n? exc_nmi\n</NMI>\n<TASK>\n? asm_exc_page_fault\ndo_syscall_64\n</TASK>';
  expect(contextOf(trace)).toBe('task');
  expect(contextOf('<IRQ>\n? sysvec_apic_timer_interrupt\n</IRQ>')).toBe('unknown');
});

test('the trace of a panic is not taken for that of the lockup before it', () => {
  const lines = readFixture('6.12/soft-lockup-panics');
  const start = lines.indexOf('Call Trace:');
  const panic = lines.findIndex((line) => line.startsWith('Kernel panic'));
  const traceless = lines.filter((_, index) => index < start || index >= panic);
  expect(readOops(traceless).kind).toBe('soft-lockup');
  expect(readOops(traceless).context).toBe('unknown');
});

test('the trace of another task in a panic’s appendix tells nothing', () => {
  const lines = [
    'Kernel panic - not syncing: x',
    'task:init state:S stack:0 pid:1',
    'Call Trace:',
    ' <TASK>',
  ];
  expect(readOops([...lines, ' schedule+0x5a/0xd0', ' </TASK>']).context).toBe('unknown');
});

test.each([
  ['Fatal exception in interrupt', 'unknown'],
  ['Fatal exception', 'task'],
  ['Attempted to kill init! exitcode=0x0000000b', 'task'],
  ['NMI: Not continuing', 'nmi'],
  ['Hard LOCKUP', 'unknown'],
])('without a trace, the panic “%s” says %s', (message, context) => {
  expect(readOops([`Kernel panic - not syncing: ${message}`]).context).toBe(context);
});

describe('where stacks are not marked', () => {
  test('a task shows where its stack begins, as on arm64', () => {
    const functions = ['sysrq_handle_crash', 'vfs_write', 'el0_svc', 'el0t_64_sync'];
    expect(contextOfStack({ section: null, functions, closed: false })).toBe('task');
    expect(contextOfStack({ section: null, functions: functions.slice(0, 2), closed: false })).toBe(
      'unknown',
    );
  });

  test('interrupts show their entry, as on arm64', () => {
    const interrupt = ['gic_handle_irq', 'call_on_irq_stack', 'do_interrupt_handler', 'el1_interrupt'];
    const inHandler = ['arch_timer_handler_virt', ...interrupt];
    const inSoftirq = ['net_rx_action', 'handle_softirqs', '__irq_exit_rcu', ...interrupt];
    expect(contextOfStack({ section: null, functions: inHandler, closed: false })).toBe('hardirq');
    expect(contextOfStack({ section: null, functions: inSoftirq, closed: false })).toBe('softirq');
  });

  test('x86 before 5.16 closes an interrupt’s stack with <EOI>', () => {
    const trace = [
      'BUG: unable to handle kernel paging request at ffff880012345678',
      'Call Trace:',
      ' <IRQ>  [<ffffffff81003a5d>] do_IRQ+0x5d/0xf0',
      ' <EOI>  [<ffffffff8100a1f2>] default_idle+0x22/0xf0',
    ];
    expect(readOops(trace).context).toBe('hardirq');
  });
});
