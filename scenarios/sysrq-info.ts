import { family, type Scenario, scenario } from '../harness/lab/scenario.ts';

/** Keys that make a living kernel talk: Linux Documentation/admin-guide/sysrq.rst. `says` proves that it did. */
const KEYS = {
  t: { what: 'every task and its stack', says: /task:\S+ +state:/ },
  m: { what: 'the state of memory', says: /Mem-Info:/ },
  l: { what: 'the stacks of all active CPUs', says: /sysrq: Show backtrace of all active CPUs/ },
  w: { what: 'the blocked tasks', says: /sysrq: Show Blocked State/ },
  p: { what: 'registers and flags', says: /sysrq: Show Regs/ },
  q: { what: 'all clock events', says: /Tick Device: mode:/ },
  z: { what: 'the ftrace buffer', says: /sysrq: Dump ftrace buffer/ },
  9: { what: 'console log level 9', says: /sysrq: Loglevel set to 9/ },
  0: { what: 'console log level 0', says: /sysrq: Loglevel set to 0/ },
  h: { what: 'the keys there are', says: /sysrq: HELP : / },
};

function information(key: string, { what, says }: { what: string; says: RegExp }): Scenario {
  return scenario({
    title: `sysrq ${key}: ${what}; the guest lives on`,
    why: 'What people ask a machine in trouble, over the network, before they give it up.',
    needs: [],
    async run({ guest }) {
      await guest.run(`echo ${key} > /proc/sysrq-trigger`);
    },
    expect: { kind: 'none', ends: 'alive', says },
  });
}

export default family(
  Object.fromEntries(Object.entries(KEYS).map(([key, about]) => [key, information(key, about)])),
);
