import { family, scenario } from '../harness/lab/scenario.ts';
import { PANIC } from './known-losses.ts';

const why =
  'What a cable, a switch or a hot-unplug does to the last words: they are gone, and nothing says so.';

export default family({
  unplugged: scenario({
    title: 'the NIC is unplugged, then a panic',
    why,
    needs: ['own-wire', 'hotplug'],
    async run({ guest }) {
      await guest.unplug();
      guest.kill('echo c > /proc/sysrq-trigger');
    },
    expect: {
      kind: 'panic',
      context: 'task',
      ends: 'panic',
      losses: [
        {
          when: () => true,
          from: PANIC,
          because: 'the target ends with its interface: it is disabled when that is unregistered',
          source: 'drivers/net/netconsole.c netconsole_netdev_event(); measured on 6.1, 6.12 and 7.2',
        },
      ],
    },
  }),
  'cable-out': scenario({
    title: 'the link goes down in the moment of a panic: the guest never hears of it',
    why,
    needs: ['own-wire', 'nmi'],
    async prepare({ guest }) {
      await guest.run('echo 1 > /proc/sys/kernel/unknown_nmi_panic');
    },
    async run({ guest }) {
      // One after the other, with nothing in between: the NMI comes before the driver's work on the link is done.
      await Promise.all([guest.link('down'), guest.injectNmi()]);
    },
    expect: {
      kind: 'panic',
      context: 'nmi',
      ends: 'panic',
      losses: [
        {
          when: () => true,
          from: PANIC,
          because:
            'QEMU takes what a NIC without a link sends and throws it away; the driver, which would stop its queues, does not run any more (inferred: nothing on the wire tells this from what was never sent)',
          source: 'QEMU net/net.c qemu_send_packet_async_with_flags(); measured on 6.1, 6.12 and 7.2',
        },
      ],
    },
  }),
  'cable-out-known': scenario({
    title: 'the link is down and the guest knows it, then a panic',
    why,
    needs: ['own-wire'],
    async run({ guest }) {
      await guest.link('down', { wait: true });
      guest.kill('echo c > /proc/sysrq-trigger');
    },
    expect: {
      kind: 'panic',
      context: 'task',
      ends: 'panic',
      losses: [
        {
          when: () => true,
          from: PANIC,
          because:
            'the driver stops its transmit queues without a link: netpoll finds them stopped and gives up',
          source: 'drivers/net/virtio_net.c virtnet_config_changed_work(); measured on 6.1, 6.12 and 7.2',
        },
      ],
    },
  }),
});
