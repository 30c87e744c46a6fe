import {
  family,
  type KnownLoss,
  type Scenario,
  type ScenarioGuest,
  type Seen,
  scenario,
} from '../harness/lab/scenario.ts';
import { carried, carriedFigures } from './carried.ts';
import { MEMORY_GONE, noBuffer } from './memory-gone.ts';
import { letNicStandStill } from './standing-nic.ts';

/** How long the NIC stands still after memory is gone, in milliseconds; until the guest is dead. */
type Standing = number | 'until it is dead';

const LINES = 100;
/** After this long the reserve is used up, and netpoll’s patience with a stopped queue is over; before, it depends. */
const SURELY_LOST_MS = 1000;

/** Of each guest, whether its transmit queue was stopped when memory was taken. */
const queues = new WeakMap<ScenarioGuest, 'open' | 'stopped'>();

function lossIn(time: Standing): KnownLoss {
  return {
    when: () => true,
    since: MEMORY_GONE,
    ...(typeof time === 'number' && time < SURELY_LOST_MS ? { how: 'sometimes' as const } : {}),
    because:
      'netpoll’s reserve of 32 buffers is with the NIC, which gives none back, and nobody else has one; and a transmit queue that byte queue limits have stopped is waited for one jiffy, then this message and all after it are parked for a work item that never runs in a panic',
    source:
      'find_skb() and __netpoll_send_skb() in net/core/netpoll.c; measured, of 101 messages and a panic. NIC still for 1 s or more: on 6.1 32 or 33 carried in 6 of 6 runs, on 7.2 60 to 68; on 6.12 32 to 44 in 4 of 4 runs in which byte queue limits had not stopped the queue. Where they had: none, in 6 of 6',
  };
}

/** What was written from then on that memory was gone. */
const sinceGone = ({ written }: Seen) =>
  written.slice(written.findIndex(({ text }) => MEMORY_GONE.test(text)));

function standing(time: Standing): Scenario {
  const words = typeof time === 'number' ? `for ${time} ms` : time;
  return scenario({
    title: `all memory gone, ${LINES} lines and a panic, and the NIC stands still ${words}`,
    why: 'What was asked for in 2001: “a guarantee that messages are sent even if the system is under real OOM”. A NIC that sends gives its buffers back; one that stands still does not.',
    needs: ['lab-module', 'own-wire'],
    format: 'extended',
    panic: 0,
    async run({ guest }) {
      const lab = await guest.lab();
      if (time !== 0) queues.set(guest, await letNicStandStill(guest));
      lab.exhaustAndDie({ lines: LINES, death: 'panic' });
      if (typeof time === 'number') {
        await guest.until(MEMORY_GONE, 60);
        await guest.pause(time);
        guest.stall('off');
      }
      await guest.until(/end Kernel panic/, 60);
    },
    measure: (seen) =>
      carriedFigures(carried(sinceGone(seen), seen), {
        'NIC stands still, ms': time,
        'transmit queue': queues.get(seen.guest) ?? 'open',
      }),
    expect: {
      // With interrupts on somebody else may ask for memory, and be killed for it.
      kind: ['panic', 'oom'],
      ends: 'panic',
      says: MEMORY_GONE,
      losses: [time === 0 ? noBuffer : lossIn(time)],
    },
  });
}

export default family({
  '0ms': standing(0),
  '10ms': standing(10),
  '100ms': standing(100),
  '1s': standing(1000),
  'until-dead': standing('until it is dead'),
});
