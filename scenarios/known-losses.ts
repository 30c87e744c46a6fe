import type { KnownLoss, ScenarioGuest } from '../harness/lab/scenario.ts';

/** The first words of a panic. */
export const PANIC = /^Kernel panic - not syncing: /;

/** The first words of a vCPU's death by an illegal instruction, on x86-64 and on arm64. */
export const ILLEGAL_INSTRUCTION = /^(?:Oops: )?invalid opcode: |^Internal error: Oops/;

/** Linux 7.0 on: the panic reboots before the console that is unsafe in atomic context is flushed. */
export const rebootsBeforeFlush: KnownLoss = {
  when: ({ cell, facts }) => facts.netconsole === 'nbcon' && cell.panic !== 0,
  // Not even a thread on another CPU prints any more: nbcon_context_try_acquire_direct().
  from: PANIC,
  because:
    'netconsole is an nbcon console marked unsafe in atomic context: panic() prints through it only at its very end, and emergency_restart() comes before that when panic= is not 0',
  source: 'Linux commit 7eab73b18630 (in v7.0) and vpanic() in kernel/panic.c; measured on 7.2 and 7.3',
};

/** 8139cp: a panic goes no further than a few records. */
export const hangsIn8139cp: KnownLoss = {
  when: ({ cell, facts }) => cell.nic === 'rtl8139' && facts.netconsole === 'legacy',
  how: 'sometimes',
  hangs: 'always',
  because:
    'cp_poll_controller() calls disable_irq(), whose synchronize_irq() waits for an interrupt that the IO-APIC has delivered and that a CPU inside panic() can’t take',
  source:
    'drivers/net/ethernet/realtek/8139cp.c; measured on 6.1 and 6.12: a panic, an oops or an NMI that ends in one hung in each run, most with all but one of what they had written sent',
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

/** PREEMPT_RT: a console that is no nbcon prints from a thread, and what panic() says after its last flush has none. */
export const lastLineOnRealtime: KnownLoss = {
  when: ({ cell, facts }) => facts.realtime === true && facts.netconsole === 'legacy' && cell.panic > 0,
  only: /^Rebooting in \d+ seconds\.\.$/,
  because:
    'with PREEMPT_RT legacy consoles print from a thread only; panic() flushes them, but announces the reboot after that',
  source:
    'force_legacy_kthread() in kernel/printk/internal.h and panic() in kernel/panic.c; measured on 6.12, where the nbcon serial console prints it',
};

/** The same with several CPUs: the one whose thread is printing is stopped in the midst of it. */
export const stoppedOnRealtime: KnownLoss = {
  when: ({ cell, facts }) => facts.realtime === true && facts.netconsole === 'legacy' && cell.vcpus > 1,
  how: 'sometimes',
  hangs: 'sometimes',
  doubled: 'sometimes',
  because:
    'with PREEMPT_RT legacy consoles print from a thread; panic() stops the CPU it runs on, and prints itself: what that CPU was sending comes once more, and a lock that it holds, which sleeps on such a kernel, is waited for for ever',
  source:
    'legacy_kthread_func() and console_flush_on_panic() in kernel/printk/printk.c; measured on 6.12, 2 vCPUs, an oops of init’s with panic=5 on a busy host: of 13 runs 3 hung, the panicking CPU in rtlock_slowlock_locked(), the other in stop_this_cpu(). With panic=0 records came twice in 2 of 20',
};

/** What is known of every panic. */
export const panicLosses: KnownLoss[] = [
  hangsIn8139cp,
  rebootsBeforeFlush,
  stoppedOnRealtime,
  lastLineOnRealtime,
];

const RESETS_VIRTIO = 'virtio resets its devices at shutdown';
const FREES_IN_A_LOOP = 'virtio-net frees what was sent in a loop';

/** For `deviceShutdown` and `hangsAtShutdown`. */
export async function probeDeviceShutdown(guest: ScenarioGuest): Promise<void> {
  // Some kernels have virtio built in, others as a module.
  for (const name of ['virtio_dev_shutdown', 'virtio_dev_shutdown [virtio]']) {
    await guest.probe(RESETS_VIRTIO, { function: name });
  }
  // Named so as long as start_xmit() called it in a loop.
  for (const name of ['free_old_xmit_skbs', 'free_old_xmit_skbs [virtio_net]']) {
    await guest.probe(FREES_IN_A_LOOP, { function: name });
  }
}

/** An orderly end shuts the devices down first, the network card with them. */
export const deviceShutdown: KnownLoss = {
  when: ({ cell, probed }) => cell.nic === 'virtio-net' && probed.has(RESETS_VIRTIO),
  only: /^(?!crashlab: )/,
  because:
    'an orderly end shuts all devices down before it says its last words, and virtio’s are broken and reset then: each packet from there on fails, and the driver says so, which is lost as well',
  source:
    'Linux commit 8bd2fa086a04 (“virtio: break and reset virtio devices on device_shutdown()”, in 6.12.114; measured on 6.1.192 as well): kernel/reboot.c kernel_restart_prepare(), drivers/virtio/virtio.c virtio_dev_shutdown()',
};

/** The same, where the driver may never come back from the first message after it. */
export const hangsAtShutdown: KnownLoss = {
  ...deviceShutdown,
  when: (guest) => deviceShutdown.when(guest) && guest.probed.has(FREES_IN_A_LOOP),
  hangs: 'sometimes',
  because:
    'an orderly end shuts all devices down first: virtio’s queues are broken then, so packets fail, and when most of what the NIC was given was sent but not yet freed, start_xmit() loops for ever with interrupts off: nothing can be had from a broken queue, and its callback can’t be enabled before everything is',
  source:
    'Linux commit 8bd2fa086a04 in 6.1.y, start_xmit() in drivers/net/virtio_net.c and virtqueue_enable_cb_delayed() in drivers/virtio/virtio_ring.c; measured on 6.1.192, sysrq o after 50 lines: it hung in 20 of 90 runs, its CPU in that loop in each of 14 that were looked at; reboot -f and poweroff -f: in none of 60. On 6.12 and 7.2: in none of 180',
};

/** Linux 7.0 on, a flood by the lab module longer than the ring buffer: with interrupts off nobody prints until they are on again, or panic() flushes. */
export const overwrittenByFlood: KnownLoss = {
  when: ({ facts }) => facts.netconsole === 'nbcon',
  // Of an overwritten record the text is not known.
  only: /^$|^crashlab: burst /,
  because:
    'netconsole is printed by a kernel thread, which does not run while interrupts are off: a flood longer than the ring buffer overwrites itself before a record of it is sent',
  source:
    'nbcon_kthread_func() in kernel/printk/nbcon.c; measured on 7.2, of 3000 lines of 100 bytes: 1833 to 1835 lost with 128 KiB, 665 to 1415 with 256 KiB, in 3 runs each',
};

/** All kernels: nothing is sent from inside a poll function of the card that netconsole sends by. */
export const ownPoll: KnownLoss = {
  when: () => true,
  // The report before it a thread on another CPU may still print.
  from: PANIC,
  because:
    'the dying CPU is in the poll function of a card’s own NAPI context: netpoll does not enter a driver that this CPU is polling already, and puts each packet on a queue that only a workqueue empties, which after a panic never runs',
  source:
    'netpoll_owner_active() and __netpoll_send_skb() in net/core/netpoll.c; measured on 6.1, 6.12 and 7.2, all records lost in each run; on 7.2 with 2 vCPUs, whose other one prints until the panic, 4 of 59 in one run and 59 of 61 in another',
};
