import {
  family,
  type KnownLoss,
  type Scenario,
  type ScenarioGuest,
  scenario,
} from '../harness/lab/scenario.ts';
import { carried, carriedFigures } from './carried.ts';
import { PANIC } from './known-losses.ts';
import { RESERVE } from './memory-gone.ts';

const reserveUsedUp: KnownLoss = {
  when: () => true,
  from: PANIC,
  because: `netpoll’s reserve is ${RESERVE} buffers; while no memory is to be had, none of them is replaced`,
  source:
    'find_skb() and refill_skbs() in net/core/netpoll.c; measured on 6.1, 6.12 and 7.2; by fault injection on a 6.1.192 built with it, 3 of 3 runs',
};

type How = Pick<Scenario, 'needs' | 'suite' | 'boot' | 'prepare' | 'run'>;

/** No buffer can be had from the first message to the last: what is carried is the reserve. */
function reserve(messages: number, words: string, how: How): Scenario {
  return scenario({
    ...how,
    title: `every allocation of a buffer fails${words}: ${messages} messages and a panic`,
    why: 'What was asked for in 2001: “a guarantee that messages are sent even if the system is under real OOM”.',
    panic: 0,
    format: 'extended',
    measure: (seen) => carriedFigures(carried(seen.written.slice(1), seen), { messages }),
    check(seen) {
      const written = seen.written.slice(1);
      const { all, first } = carried(written, seen);
      if (all === written.length) seen.guest.missed('No allocation of a buffer failed.');
      if (all === RESERVE && first === RESERVE) return [];
      return [
        `Not the first ${RESERVE} messages were carried: ${all}, ${first} of them before the first loss.`,
      ];
    },
    expect: { kind: 'panic', ends: 'panic', says: /^reserve \d+\/\d+$/, losses: [reserveUsedUp] },
  });
}

const printAndPanic = (messages: number) =>
  `i=0; while [ $i -lt ${messages} ]; do i=$((i+1)); echo "<6>reserve $i/${messages}" > /dev/kmsg; done; echo c > /proc/sysrq-trigger`;

/** By the gdb stub, on any kernel. */
function callsFail(messages: number): Scenario {
  return reserve(messages, '', {
    needs: ['gdb-stub'],
    suite: messages > 100 ? 'full' : 'standard',
    async run({ guest }) {
      const failing = await guest.failCalls('__alloc_skb');
      guest.kill(`(${printAndPanic(messages)})`);
      await guest.until(/end Kernel panic/, 60);
      if (failing.calls === 0) guest.missed('No allocation of a buffer failed: netpoll did not ask for one.');
    },
  });
}

const DEBUGFS = '/tmp/debugfs';
const FAILSLAB = `${DEBUGFS}/failslab`;
/** The cache of buffers' heads, by its name until Linux 6.5 and since; only at boot can it be marked to fail. */
const MARK_BUFFERS = 'slub_debug=A,skbuff_head_cache,skbuff_cache';

/** By the kernel's own fault injection, where it was built with it: Linux Documentation/fault-injection. */
async function needFailslab(guest: ScenarioGuest): Promise<void> {
  await guest.run(`mkdir ${DEBUGFS}`);
  const filter = `mount -t debugfs debugfs ${DEBUGFS} && [ -e ${FAILSLAB}/cache-filter ]`;
  const marked =
    'grep -q 1 /sys/kernel/slab/skbuff_head_cache/failslab /sys/kernel/slab/skbuff_cache/failslab';
  const { status } = await guest.attempt(`${filter} && ${marked} 2> /dev/null`);
  if (status !== 0) guest.lacks('This kernel has no fault injection for slabs (CONFIG_FAILSLAB).');
  const settings = { 'cache-filter': 'Y', 'ignore-gfp-wait': 'N', times: -1, interval: 1, verbose: 0 };
  const writes = Object.entries(settings).map(([name, value]) => `echo ${value} > ${FAILSLAB}/${name}`);
  await guest.run(writes.join(' && '));
}

export default family({
  100: callsFail(100),
  300: callsFail(300),
  failslab: reserve(100, ', by fault injection', {
    needs: [],
    suite: 'full',
    boot: { append: MARK_BUFFERS },
    prepare: ({ guest }) => needFailslab(guest),
    async run({ guest }) {
      guest.kill(`(echo 100 > ${FAILSLAB}/probability; ${printAndPanic(100)})`);
      await guest.until(/end Kernel panic/, 60);
    },
  }),
});
