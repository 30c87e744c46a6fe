import { scenario } from '../harness/lab/scenario.ts';
import { ILLEGAL_INSTRUCTION } from './known-losses.ts';

/** Of each NIC's driver; a guest has loaded one of them. */
const TRANSMIT = [
  'start_xmit [virtio_net]',
  'e1000_xmit_frame [e1000]',
  'e1000_xmit_frame [e1000e]',
  'cp_start_xmit [8139cp]',
  'vmxnet3_xmit_frame [vmxnet3]',
];

export default scenario({
  title: 'oops inside the network driver’s transmit',
  why: 'The one place where the dying CPU holds the lock that netconsole needs.',
  suite: 'quick',
  needs: ['gdb-stub'],
  async prepare({ guest }) {
    await guest.run('echo 1 > /proc/sys/kernel/panic_on_oops');
  },
  async run({ guest }) {
    await guest.crashAt(TRANSMIT, { provoke: 'ping -c 1 10.0.2.2' });
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
          'the dying CPU holds the transmit queue’s lock: netpoll finds it taken and gives up, silently',
        source: 'net/core/netpoll.c __netpoll_send_skb(); measured on 6.1, 6.12, 7.2',
      },
    ],
  },
});
