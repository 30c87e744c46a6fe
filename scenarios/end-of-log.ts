import { family, type Scenario, scenario, type ScenarioEnd } from '../harness/lab/scenario.ts';
import { deviceShutdown, probeDeviceShutdown } from './known-losses.ts';

const LINES = 50;
/** Numbered, so that each that is lost has a name. */
const SAY = `i=1; while [ $i -le ${LINES} ]; do echo "<6>crashlab: line $i of ${LINES}" > /dev/kmsg; i=$((i + 1)); done`;
const NUMBERED = new RegExp(`^crashlab: line \\d+ of ${LINES}$`);

interface End {
  title: string;
  command: string;
  ends: ScenarioEnd;
  says: RegExp;
}

const ENDS: Record<string, End> = {
  reboot: {
    title: 'reboot -f',
    command: 'reboot -f',
    ends: 'reset',
    says: /reboot: Restarting system/,
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
  },
  'sysrq-power-off': {
    title: 'sysrq o',
    command: 'echo o > /proc/sysrq-trigger',
    ends: 'power-off',
    says: /sysrq: Power Off/,
  },
};

function ended({ title, command, ends, says }: End): Scenario {
  return scenario({
    title: `${LINES} lines, then ${title}`,
    why: 'The last lines before a machine goes: nobody panics, and who wants to know why it went reads them.',
    ...(ends === 'hang' ? { suite: 'full' } : {}),
    needs: [],
    prepare: ({ guest }) => probeDeviceShutdown(guest),
    async run({ guest }) {
      guest.kill(`${SAY}; ${command}`);
    },
    measure({ arrived }) {
      const texts = [...arrived.records.values()].map((copies) => copies[0]?.text ?? '');
      const value = texts.filter((text) => NUMBERED.test(text)).length;
      return [{ name: `numbered lines of ${LINES} that arrived`, unit: 'records', value }];
    },
    expect: { kind: 'none', ends, says, losses: [deviceShutdown] },
  });
}

export default family(Object.fromEntries(Object.entries(ENDS).map(([name, end]) => [name, ended(end)])));
