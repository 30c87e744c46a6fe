import { family, type Scenario, scenario } from '../harness/lab/scenario.ts';

interface Key extends Pick<Scenario, 'prepare'> {
  what: string;
  /** Not only that the key was taken, but what it shows. */
  says: RegExp;
  needs?: Scenario['needs'];
  /** Only the interrupt of a real keyboard has registers to show. */
  press?: true;
}

/** Keys that make a living kernel talk: Linux Documentation/admin-guide/sysrq.rst. */
const KEYS: Record<string, Key> = {
  t: { what: 'every task and its stack', says: /task:\S+ +state:/ },
  m: { what: 'the state of memory', says: /Mem-Info:/ },
  l: { what: 'the stacks of all active CPUs', says: /^(?:NMI backtrace for cpu \d+|CPU\d+:)/ },
  w: {
    what: 'the blocked tasks',
    says: /task:crashlab +state:D/,
    needs: ['lab-module'],
    async prepare({ guest }) {
      const lab = await guest.lab();
      await lab.lockup({ kind: 'hung-task', seconds: 100 });
    },
  },
  p: { what: 'registers and flags', says: /\bRIP: [0-9a-f]{4}:/, needs: ['keyboard'], press: true },
  q: { what: 'all clock events', says: /Tick Device: mode:/ },
  z: { what: 'the ftrace buffer', says: /\(ftrace buffer empty\)|Dumping ftrace buffer/ },
  9: { what: 'console log level 9', says: /sysrq: Loglevel set to 9/ },
  0: { what: 'console log level 0', says: /sysrq: Loglevel set to 0/ },
  h: { what: 'the keys there are', says: /sysrq: HELP : / },
};

function information(key: string, { what, says, needs = [], press, prepare }: Key): Scenario {
  return scenario({
    title: `sysrq ${key}: ${what}; the guest lives on`,
    why: 'What people ask a machine in trouble, over the network, before they give it up.',
    needs,
    ...(prepare ? { prepare } : {}),
    async run({ guest }) {
      if (press) {
        if (guest.facts.realtime)
          guest.lacks('With PREEMPT_RT a key has a thread, and no registers to show.');
        await guest.pressKeys('alt', 'sysrq', key);
        await guest.until(says, 10);
      } else await guest.run(`echo ${key} > /proc/sysrq-trigger`);
    },
    expect: { kind: 'none', ends: 'alive', says },
  });
}

export default family(
  Object.fromEntries(Object.entries(KEYS).map(([key, about]) => [key, information(key, about)])),
);
