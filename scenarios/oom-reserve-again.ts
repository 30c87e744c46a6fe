import {
  family,
  type KnownLoss,
  type Scenario,
  type ScenarioGuest,
  type Seen,
  scenario,
} from '../harness/lab/scenario.ts';
import { carried } from './carried.ts';

/** More than netpoll's reserve of 32 buffers. */
const MESSAGES = 40;
const FIRST = 'first shortage';
const SECOND = 'second shortage';

/** Linux net/core/netpoll.c, MAX_SKBS. */
const RESERVE = 32;

/** Of each guest: whether netpoll refills its reserve in a work item, and not whenever it sends. */
const refillsLater = new WeakMap<ScenarioGuest, boolean>();

const usedUp: KnownLoss = {
  when: () => true,
  because: `netpoll’s reserve is ${RESERVE} buffers. Where it is refilled by a work item, this is queued only when the reserve is asked, memory being gone: when it is back nobody fills the reserve again, and the next shortage finds it empty`,
  source:
    'find_skb(), and Linux commit 248f6571fd4c (“netpoll: Optimize skb refilling on critical path”), in net/core/netpoll.c; measured on 6.1 and 6.12 (refilled by the next message), 7.2 (not after ten)',
};

const print = (words: string) =>
  `i=0; while [ $i -lt ${MESSAGES} ]; do i=$((i+1)); echo "<6>${words} $i/${MESSAGES}" > /dev/kmsg; done`;

/** The reserve is used up, memory comes back, `between` messages are sent with it, and it is gone once more. */
function again(between: number): Scenario {
  return scenario({
    title: `the reserve used up, memory back for ${between} messages, and gone again`,
    why: 'A reserve is worth what is in it when the second shortage comes.',
    needs: ['gdb-stub'],
    format: 'extended',
    async prepare({ guest }) {
      const { status } = await guest.attempt('grep -q " refill_skbs_work_handler" /proc/kallsyms');
      refillsLater.set(guest, status === 0);
    },
    async run({ guest }) {
      const shortage = async (words: string) => {
        await using failing = await guest.failCalls('__alloc_skb');
        await guest.run(print(words));
        // A printer thread, where there is one, is done when it has asked for the last message's buffer.
        let before: number;
        do {
          before = failing.calls;
          await guest.pause(500);
        } while (failing.calls !== before);
        if (before < MESSAGES) guest.missed(`Only ${before} allocations failed in the ${words}.`);
      };
      await shortage(FIRST);
      for (let message = 1; message <= between; message++) {
        await guest.run(`echo "<6>memory is back ${message}/${between}" > /dev/kmsg; usleep 200000`);
      }
      await shortage(SECOND);
    },
    measure: (seen) =>
      [FIRST, SECOND].map((shortage) => ({
        name: 'messages carried',
        unit: 'messages',
        value: carriedIn(shortage, seen),
        shortage,
        'messages between': between,
      })),
    check(seen) {
      const refilled = between > 0 && refillsLater.get(seen.guest) === false;
      return Object.entries({ [FIRST]: RESERVE, [SECOND]: refilled ? RESERVE : 0 }).flatMap(
        ([shortage, expected]) => {
          const value = carriedIn(shortage, seen);
          return value === expected ? [] : [`The ${shortage} carried ${value} messages, not ${expected}.`];
        },
      );
    },
    expect: { kind: 'none', ends: 'alive', says: new RegExp(`^${SECOND} ${MESSAGES}/`), losses: [usedUp] },
  });
}

function carriedIn(shortage: string, seen: Seen): number {
  const messages = seen.written.filter(({ text }) => text.startsWith(shortage));
  return carried(messages, seen).all;
}

export default family({ 'at-once': again(0), 'after-a-message': again(1), 'after-ten': again(10) });
