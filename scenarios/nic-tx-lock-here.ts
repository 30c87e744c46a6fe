import { scenario } from '../harness/lab/scenario.ts';
import { PANIC } from './known-losses.ts';

export default scenario({
  title: 'panic while this CPU holds the transmit lock',
  why: 'A driver that dies in its own transmit: netpoll must neither wait for the lock nor lose the report.',
  needs: ['lab-module'],
  async run({ guest }) {
    const lab = await guest.lab();
    // Never answers: the guest dies of it.
    void lab.hold({ lock: 'tx', ms: 'forever', death: 'panic' }).catch(() => undefined);
  },
  expect: {
    kind: 'panic',
    context: 'task',
    ends: 'panic',
    says: /crashlab: a panic, as asked/,
    losses: [
      {
        when: () => true,
        from: PANIC,
        because:
          'the dying CPU holds the transmit queue’s lock: netpoll finds it taken and gives up, silently',
        source: 'net/core/netpoll.c __netpoll_send_skb(); measured on 6.1, 6.12 and 7.2',
      },
    ],
  },
});
