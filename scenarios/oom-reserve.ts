import { family, type KnownLoss, type Scenario, scenario } from '../harness/lab/scenario.ts';
import { carried, carriedFigures } from './carried.ts';

/** Linux net/core/netpoll.c, MAX_SKBS; from 7.3 on in drivers/net/netconsole.c. */
const RESERVE = 32;

const reserveUsedUp: KnownLoss = {
  when: () => true,
  because: `netpoll’s reserve is ${RESERVE} buffers; while no memory is to be had, none of them is replaced`,
  source: 'find_skb() and refill_skbs() in net/core/netpoll.c; measured on 6.1, 6.12 and 7.2',
};

/** No buffer can be had from the first message to the last: what is carried is the reserve. */
function reserve(messages: number): Scenario {
  return scenario({
    title: `every allocation of a buffer fails: ${messages} messages and a panic`,
    why: 'What was asked for in 2001: “a guarantee that messages are sent even if the system is under real OOM”.',
    needs: ['gdb-stub'],
    suite: messages > 100 ? 'full' : 'standard',
    panic: 0,
    async run({ guest }) {
      const failing = await guest.failCalls(['__alloc_skb']);
      guest.kill(
        `(i=0; while [ $i -lt ${messages} ]; do i=$((i+1)); echo "<6>reserve $i/${messages}" > /dev/kmsg; done; echo c > /proc/sysrq-trigger)`,
      );
      await guest.until(/end Kernel panic/, 60);
      if (failing.calls === 0) guest.missed('No allocation of a buffer failed: netpoll did not ask for one.');
    },
    measure: (seen) => carriedFigures(carried(seen.written.slice(1), seen), { messages }),
    check(seen) {
      const { all, first } = carried(seen.written.slice(1), seen);
      if (all === RESERVE && first === RESERVE) return [];
      return [
        `Not the first ${RESERVE} messages were carried: ${all}, ${first} of them before the first loss.`,
      ];
    },
    expect: { kind: 'panic', ends: 'panic', says: /^reserve \d+\/\d+$/, losses: [reserveUsedUp] },
  });
}

export default family({ 100: reserve(100), 300: reserve(300) });
