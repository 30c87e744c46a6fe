import { family, scenario } from '../harness/lab/scenario.ts';

const why =
  'What a cable, a switch or a hot-unplug does to the last words: they are gone, and nothing says so.';

export default family({
  unplugged: scenario({
    title: 'the NIC is unplugged, then a panic',
    why,
    needs: ['own-wire'],
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
          because: 'the target ends with its interface: it is disabled when that is unregistered',
          source: 'drivers/net/netconsole.c netconsole_netdev_event()',
        },
      ],
    },
  }),
  'cable-out': scenario({
    title: 'the link goes down in the moment of the crash',
    why,
    needs: ['own-wire'],
    async run({ guest }) {
      await guest.link('down');
      guest.kill('echo c > /proc/sysrq-trigger');
    },
    expect: {
      kind: 'panic',
      context: 'task',
      ends: 'panic',
      losses: [
        {
          when: () => true,
          because: 'QEMU throws away what a NIC without a link sends',
          source: 'QEMU net/net.c',
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
          because:
            'the driver stops its transmit queues without a link: netpoll finds them stopped and gives up',
          source: 'drivers/net/virtio_net.c virtnet_config_changed_work()',
        },
      ],
    },
  }),
});
