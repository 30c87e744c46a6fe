import { family, type KnownLoss, type Scenario, scenario } from '../harness/lab/scenario.ts';
import { overwrittenByFlood, rebootsBeforeFlush } from './known-losses.ts';

/** How many lines are printed while nothing is left: one for each of netpoll's reserve, ten times, a hundred times. */
const LINES = [32, 300, 3000];

/** More of them than the smallest ring buffer holds. */
const FLOOD = 3000;

const noBuffer: KnownLoss = {
  when: ({ facts }) => facts.netconsole === 'nbcon',
  how: 'sometimes',
  because:
    'no memory for a message’s buffer: netpoll polls the NIC ten times for one, then drops the message; its reserve is refilled only by a work item, which does not run meanwhile (inferred: single messages and short runs of them are missing in the middle)',
  source:
    'find_skb() in net/core/netpoll.c; measured on 7.2 on a busy host: 1 to 439 lines lost in 6 of 15 runs, 300 lines with interrupts off in 3 of 3',
};

function exhausted(lines: number, irqs: 'on' | 'off' = 'on'): Scenario {
  return scenario({
    title: `all memory and its reserves gone, then ${lines} lines and a panic${irqs === 'on' ? '' : ', interrupts off'}`,
    why: 'What was asked for in 2001: “a guarantee that messages are sent even if the system is under real OOM”.',
    needs: ['lab-module'],
    async run({ guest }) {
      const lab = await guest.lab();
      lab.exhaustAndDie({ lines, irqs, death: 'panic' });
    },
    expect: {
      kind: 'panic',
      ends: 'panic',
      says: /exhausted pages=\d+/,
      losses: [rebootsBeforeFlush, lines >= FLOOD && irqs === 'off' ? overwrittenByFlood : noBuffer],
    },
  });
}

export default family({
  ...Object.fromEntries(LINES.map((lines) => [lines, exhausted(lines)])),
  ...Object.fromEntries(LINES.map((lines) => [`${lines}-irqs-off`, exhausted(lines, 'off')])),
});
