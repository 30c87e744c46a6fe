import { scenario } from '../harness/lab/scenario.ts';
import { ILLEGAL_INSTRUCTION } from './known-losses.ts';

/** Of each NIC's driver; a guest has loaded one of them. */
const CLOSE = [
  'virtnet_close [virtio_net]',
  'e1000_close [e1000]',
  'e1000e_close [e1000e]',
  'cp_close [8139cp]',
  'vmxnet3_close [vmxnet3]',
];

export default scenario({
  title: 'oops inside the network driver’s stop',
  why: 'An interface that is half-way down when its driver dies.',
  needs: ['gdb-stub'],
  async prepare({ guest }) {
    await guest.run('echo 1 > /proc/sys/kernel/panic_on_oops');
  },
  async run({ guest }) {
    await guest.crashAt(CLOSE, { provoke: 'ip link set eth0 down' });
  },
  expect: {
    kind: 'invalid-opcode',
    context: 'task',
    ends: 'panic',
    losses: [
      {
        when: () => true,
        from: ILLEGAL_INSTRUCTION,
        because:
          'the kernel marks the interface as stopped before it calls the driver (__dev_close_many), and netconsole sends only through one that runs: it drops everything, silently',
        source:
          'net/core/dev.c __dev_close_many(), drivers/net/netconsole.c write_msg(); measured on 6.1, 6.12 and 7.2',
      },
    ],
  },
});
