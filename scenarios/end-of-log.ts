import {
  family,
  type KnownLoss,
  type Scenario,
  scenario,
  type ScenarioEnd,
} from '../harness/lab/scenario.ts';
import { deviceShutdown, hangsAtShutdown, probeDeviceShutdown } from './known-losses.ts';

const LINES = 50;
/** Numbered, so that each that is lost has a name. */
const SAY = `i=1; while [ $i -le ${LINES} ]; do echo "<6>crashlab: line $i of ${LINES}" > /dev/kmsg; i=$((i + 1)); done`;
const NUMBERED = new RegExp(`^crashlab: line \\d+ of ${LINES}$`);

/** These end without shutting anything down. */
const AT_ONCE: KnownLoss[] = [
  {
    when: ({ facts }) => facts.netconsole === 'nbcon',
    how: 'sometimes',
    only: /^sysrq: Resetting$|^crashlab: line \d+ of 50$/,
    because:
      'netconsole’s thread had not printed everything when the machine was reset, and nothing prints the rest',
    source: 'measured on 7.2: 1 to 8 records lost in 5 of 8 runs',
  },
  {
    when: () => true,
    how: 'sometimes',
    only: /^sysrq: Resetting$/,
    because:
      'the machine is reset as soon as this is said: QEMU may not have taken it from the transmit ring yet (inferred)',
    source: 'measured: lost in 1 of 8 runs of 6.12, in none of 10 of 6.1',
  },
];

const TAKEN_DOWN = 'crashlab: the network is down';
const networkDown: KnownLoss = {
  when: () => true,
  from: new RegExp(`^${TAKEN_DOWN}`),
  because:
    'netconsole sends only through an interface that runs: from there on it drops everything, silently',
  source: 'drivers/net/netconsole.c write_msg(); measured on 6.1, 6.12 and 7.2, lost in 12 of 12 runs',
};

interface End {
  title: string;
  command: string;
  ends: ScenarioEnd;
  says: RegExp;
  /** Default: those of a device that is shut down. */
  losses?: KnownLoss[];
}

const ENDS: Record<string, End> = {
  reboot: {
    title: 'reboot -f',
    command: 'reboot -f',
    ends: 'reset',
    says: /reboot: Restarting system/,
  },
  'orderly-reboot': {
    title: 'reboot, the network taken down before it, as init scripts do it',
    command: `ip link set eth0 down; echo "<6>${TAKEN_DOWN}" > /dev/kmsg; reboot -f`,
    ends: 'reset',
    says: /reboot: Restarting system/,
    losses: [networkDown],
  },
  'power-off': {
    title: 'poweroff -f',
    command: 'poweroff -f',
    ends: 'power-off',
    says: /reboot: Power down/,
  },
  halt: { title: 'halt -f', command: 'halt -f', ends: 'hang', says: /reboot: System halted/ },
  'sysrq-reset': {
    title: 'sysrq b',
    command: 'echo b > /proc/sysrq-trigger',
    ends: 'reset',
    says: /sysrq: Resetting/,
    losses: AT_ONCE,
  },
  'sysrq-power-off': {
    title: 'sysrq o',
    command: 'echo o > /proc/sysrq-trigger',
    ends: 'power-off',
    says: /sysrq: Power Off/,
  },
};

function ended({ title, command, ends, says, losses = [hangsAtShutdown, deviceShutdown] }: End): Scenario {
  return scenario({
    title: `${LINES} lines, then ${title}`,
    why: 'The last lines before a machine goes: nobody panics, and who wants to know why it went reads them.',
    ...(ends === 'hang' ? { suite: 'full' } : {}),
    needs: [],
    format: 'extended',
    prepare: ({ guest }) => probeDeviceShutdown(guest),
    async run({ guest }) {
      guest.kill(`${SAY}; ${command}`);
    },
    measure({ arrived }) {
      const texts = [...arrived.records.values()].map((copies) => copies[0]?.text ?? '');
      const value = texts.filter((text) => NUMBERED.test(text)).length;
      return [{ name: `numbered lines of ${LINES} that arrived`, unit: 'records', value }];
    },
    expect: { kind: 'none', ends, says, losses },
  });
}

export default family(Object.fromEntries(Object.entries(ENDS).map(([name, end]) => [name, ended(end)])));
