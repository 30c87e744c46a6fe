import { family, type KnownLoss, type Scenario, scenario } from '../harness/lab/scenario.ts';

/** One process that takes memory until it is killed, and dies alone. */
const HOG = '(tail /dev/zero)';
const KILLED = /^Out of memory: Killed process \d+ \(tail\)/;
const KILLED_IN_CGROUP = /^Memory cgroup out of memory: Killed process \d+ \(tail\)/;
const WHY = 'The everyday shortage: nothing dies but a process, and somebody wants to know which and why.';

/** Nothing is lost, but the order. */
const overtaken: KnownLoss = {
  when: ({ facts }) => facts.netconsole === 'nbcon',
  how: 'sometimes',
  only: /(?!)/,
  misplaced: 'sometimes',
  because:
    'a message that finds the card busy goes on a queue of netpoll’s; who empties that takes the message off before it turns interrupts off, and netconsole’s thread then finds the queue empty and overtakes it (inferred)',
  source:
    'queue_process() and __netpoll_send_skb() in net/core/netpoll.c; measured on 7.2 beside other load: one record of 785, in one of four runs',
};

function kills(count: number): Scenario {
  const severally = count > 1;
  return scenario({
    title:
      count === 1 ? 'the OOM killer kills a process' : `the OOM killer kills ${count} processes in a row`,
    why: WHY,
    needs: [],
    ...(severally ? { suite: 'full' } : {}),
    async run({ guest }) {
      await guest.attempt(`i=0; while [ $i -lt ${count} ]; do i=$((i+1)); ${HOG}; done`);
    },
    check({ written, guest }) {
      const killed = written.filter(({ text }) => KILLED.test(text)).length;
      return killed === count ? [] : guest.missed(`${killed} processes were killed, not ${count}.`);
    },
    expect: { kind: 'oom', ends: 'alive', says: KILLED, ...(severally ? { losses: [overtaken] } : {}) },
  });
}

const STORM = 10;

const storm = scenario({
  title: `${STORM} processes take all memory at once, until the OOM killer has killed each`,
  why: 'A service and all its workers: reports come faster than a console is, while nothing can be allocated.',
  needs: [],
  suite: 'full',
  async run({ guest }) {
    const all = `i=0; while [ $i -lt ${STORM} ]; do i=$((i+1)); ${HOG} & done; wait`;
    await guest.attempt(`(${all})`);
  },
  check({ written, guest }) {
    const killed = written.filter(({ text }) => KILLED.test(text)).length;
    return killed >= STORM ? [] : guest.missed(`${killed} processes were killed, not ${STORM}.`);
  },
  expect: { kind: 'oom', ends: 'alive', says: KILLED },
});

const inCgroup = scenario({
  title: 'the OOM killer kills a process that exceeds its memory cgroup',
  why: WHY,
  needs: [],
  async prepare({ guest }) {
    const { status } = await guest.attempt(
      [
        'mkdir -p /sys/fs/cgroup && mount -t cgroup2 cgroup /sys/fs/cgroup',
        'echo +memory > /sys/fs/cgroup/cgroup.subtree_control',
        'mkdir /sys/fs/cgroup/hog && echo 16M > /sys/fs/cgroup/hog/memory.max',
      ].join(' && '),
    );
    if (status !== 0) guest.lacks('This kernel has no memory controller of cgroup2.');
  },
  async run({ guest }) {
    await guest.attempt('(echo 0 > /sys/fs/cgroup/hog/cgroup.procs && exec tail /dev/zero)');
  },
  expect: { kind: 'oom', ends: 'alive', says: KILLED_IN_CGROUP },
});

export default family({ '1': kills(1), '10': kills(10), storm, cgroup: inCgroup });
