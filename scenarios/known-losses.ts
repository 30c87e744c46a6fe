import type { KnownLoss } from '../harness/lab/scenario.ts';

/** Linux 7.0 on: the panic reboots before the console that is unsafe in atomic context is flushed. */
export const rebootsBeforeFlush: KnownLoss = {
  when: ({ cell, facts }) => facts.netconsole === 'nbcon' && cell.panic !== 0,
  because:
    'netconsole is an nbcon console marked unsafe in atomic context: panic() prints through it only at its very end, and emergency_restart() comes before that when panic= is not 0',
  source: 'Linux commit 7eab73b18630 (in v7.0) and vpanic() in kernel/panic.c; measured on 7.2 and 7.3',
};

/** All kernels: what panic() prints after its last flush, in NMI context, is deferred to an interrupt that never comes. */
export const lastLineInNmi: KnownLoss = {
  when: ({ cell }) => cell.panic > 0,
  only: /^Rebooting in \d+ seconds\.\.$/,
  because:
    'printk in NMI context is deferred; panic() flushes the consoles once more, but announces the reboot after that, so no console ever prints this line',
  source:
    'panic() in kernel/panic.c and vprintk() in kernel/printk/printk_safe.c; measured on 6.1 and 7.2, serial console included',
};

/** All kernels: nothing is sent from inside a poll function of the card that netconsole sends by. */
export const ownPoll: KnownLoss = {
  when: () => true,
  because:
    'the dying CPU is in the poll function of a card’s own NAPI context: netpoll does not enter a driver that this CPU is polling already, and puts each packet on a queue that only a workqueue empties, which after a panic never runs',
  source:
    'netpoll_owner_active() and __netpoll_send_skb() in net/core/netpoll.c; measured on 6.1, 6.12 and 7.2, all records lost in each run',
};
