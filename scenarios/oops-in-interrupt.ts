import {
  family,
  type KnownLoss,
  type Scenario,
  type ScenarioGuest,
  scenario,
} from '../harness/lab/scenario.ts';
import { lastLineInNmi, ownPoll, panicLosses } from './known-losses.ts';

/** Of each NIC's driver; a guest has loaded one of them. */
const POLL = [
  'virtnet_poll [virtio_net]',
  'e1000_clean [e1000]',
  'e1000e_poll [e1000e]',
  'cp_rx_poll [8139cp]',
  'vmxnet3_poll [vmxnet3]',
];
const PING = 'ping -c 1 10.0.2.2';
/** Ends once a program computes, and leaves it to it. */
const BUSY = 'sh -c "while :; do :; done" > /dev/null 2>&1 < /dev/null & sleep 0.5';

interface Place extends Pick<Scenario, 'title' | 'why' | 'needs' | 'run' | 'prepare'> {
  context: 'softirq' | 'hardirq' | 'nmi';
  kind?: Scenario['expect']['kind'];
  says?: RegExp;
  losses?: KnownLoss[];
}

const PLACES: Record<string, Place> = {
  timer: {
    title: 'oops in a timer',
    why: 'Timers run what nobody waits for, at any moment: under the network stack as well.',
    needs: ['gdb-stub'],
    context: 'softirq',
    async run({ guest }) {
      // The timer that wakes a task which sleeps for some jiffies: call_timer_fn's callee, on every kernel.
      await guest.crashAt('process_timeout');
    },
  },
  'rcu-callback': {
    title: 'oops in an RCU callback',
    why: 'Memory is freed there, long after the one who is to blame has gone.',
    needs: ['gdb-stub'],
    context: 'softirq',
    async run({ guest }) {
      // One for each process that ended: kernel/exit.c.
      await guest.crashAt('delayed_put_task_struct', { provoke: '(true)' });
    },
  },
  'napi-poll': {
    title: 'oops in the network driver’s own poll function',
    why: 'The driver holds its receive queue as it dies: netpoll polls that very card to send.',
    needs: ['gdb-stub'],
    context: 'softirq',
    losses: [ownPoll],
    async run({ guest }) {
      await guest.crashAt(POLL, { provoke: PING });
    },
  },
  'nic-receive': {
    title: 'oops in the network card’s interrupt handler, as a packet comes in',
    why: 'The driver’s own handler dies: no interrupt will ever say again what the card has sent.',
    needs: ['gdb-stub', 'own-wire'],
    context: 'hardirq',
    async run({ guest }) {
      onVirtio(guest);
      // The answer comes when the guest is no longer busy with the question, and holds no lock of the card's.
      const fault = { kind: 'delay', ms: 100 } as const;
      guest.misbehave({ seed: 1, rules: [{ fault, direction: 'to guest' }] });
      await guest.crashAt('skb_recv_done [virtio_net]', { provoke: PING });
    },
  },
  'block-completion': {
    title: 'oops as a block device says that a read is done',
    why: 'The interrupt handler of storage, as it frees what was waited for.',
    needs: ['gdb-stub', 'module:null_blk'],
    context: 'hardirq',
    async prepare({ guest }) {
      // irqmode=2: each request is completed by a high-resolution timer's interrupt, as by a disk's own.
      await guest.load('null_blk', 'irqmode=2 nr_devices=1 gb=1');
    },
    async run({ guest }) {
      // Not its first pages: those were read when partitions were looked for.
      const provoke = '(dd if=/dev/nullb0 of=/dev/null bs=4096 skip=1000 count=1)';
      await guest.crashAt('blk_update_request', { provoke });
    },
  },
  'user-space': {
    title: 'oops in a hard interrupt, while a program runs in user space',
    why: 'There is no other stack for it than that of the program’s task, and all of it is free.',
    needs: ['gdb-stub'],
    context: 'hardirq',
    async run({ guest }) {
      await guest.run(BUSY);
      await guest.crashAt('hrtimer_interrupt');
    },
  },
  'user-space-nmi': {
    title: 'panic in a non-maskable interrupt, while a program runs in user space',
    why: 'On x86 this one runs on the stack of the task it came upon, not on its own.',
    needs: ['nmi'],
    context: 'nmi',
    kind: 'panic',
    says: /NMI: Not continuing/,
    losses: [...panicLosses, lastLineInNmi],
    async prepare({ guest }) {
      await guest.run('echo 1 > /proc/sys/kernel/unknown_nmi_panic');
    },
    async run({ guest }) {
      await guest.run(BUSY);
      await guest.injectNmi();
    },
  },
  nmi: {
    title: 'oops in a non-maskable interrupt',
    why: 'No lock may be waited for, and printk itself puts its output off.',
    needs: ['lab-module', 'nmi'],
    context: 'nmi',
    kind: 'bug',
    losses: [...panicLosses, lastLineInNmi],
    async run({ guest }) {
      const lab = await guest.lab();
      lab.crash({ how: 'bug', context: 'nmi' });
    },
  },
};

function onVirtio(guest: ScenarioGuest): void {
  if (guest.cell.nic !== 'virtio-net') {
    guest.lacks(`The handler of ${guest.cell.nic} is the same for packets that come in and that are sent.`);
  }
}

/** There is no way on from these, whatever panic_on_oops says: Linux arch/x86/kernel/dumpstack.c oops_end(). */
function fatal({
  context,
  kind = 'invalid-opcode',
  says = /Fatal exception in interrupt/,
  losses = panicLosses,
  ...about
}: Place): Scenario {
  return scenario({
    ...about,
    expect: { kind, context, ends: 'panic', says, losses },
  });
}

export default family(Object.fromEntries(Object.entries(PLACES).map(([key, place]) => [key, fatal(place)])));
