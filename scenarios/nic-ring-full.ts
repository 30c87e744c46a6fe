import { family, type KnownLoss, type Scenario, scenario } from '../harness/lab/scenario.ts';
import { PANIC, panicLosses } from './known-losses.ts';

/** Lines while nobody takes frames from the NIC: fewer than QEMU and the transmit ring hold, and more: 1515 with QEMU 10. */
const LINES = [300, 2500];

const queueFull: KnownLoss = {
  when: () => true,
  from: PANIC,
  because:
    'nobody takes frames: the transmit ring and QEMU’s socket fill up, netpoll waits one jiffy for a busy queue and then drops this message and all after it',
  source:
    'net/core/netpoll.c __netpoll_send_skb(); measured with QEMU 7.2, 9 runs each: 678 to 687 records get through on 6.1, 444 to 473 on 6.12, 461 to 482 on 7.2, whose byte queue limits keep the ring from being filled (inferred)',
};

function stalled(lines: number): Scenario {
  return scenario({
    title: `${lines} lines into a NIC that sends nothing, then a panic; it goes on afterwards`,
    why: 'A switch that holds back, a hypervisor that is busy: what is queued must not be lost, nor what comes after.',
    needs: ['lab-module', 'own-wire'],
    async run({ guest }) {
      const lab = await guest.lab();
      guest.stall('on');
      const before = guest.packets();
      await lab.burst({ count: lines, size: 40 });
      guest.kill('echo c > /proc/sysrq-trigger');
      await guest.until(/end Kernel panic|Rebooting in/, 60);
      if (guest.packets() !== before) guest.missed('The NIC did not stand still until the end.');
    },
    measure: ({ wire }) => [{ name: 'arrived of a stalled NIC', unit: 'records', value: wire.arrived }],
    expect: {
      kind: 'panic',
      context: 'task',
      ends: 'panic',
      losses: lines > 1000 ? [queueFull] : panicLosses,
    },
  });
}

export default family(Object.fromEntries(LINES.map((lines) => [lines, stalled(lines)])));
