import { family, type Scenario, scenario } from '../harness/lab/scenario.ts';
import { overwrittenByFlood, rebootsBeforeFlush } from './known-losses.ts';
import { MEMORY_GONE, noBuffer } from './memory-gone.ts';

/** How many lines are printed while nothing is left: one for each of netpoll's reserve, ten times, a hundred times. */
const LINES = [32, 300, 3000];

/** More of them than the smallest ring buffer holds. */
const FLOOD = 3000;

function exhausted(lines: number, irqs: 'on' | 'off' = 'on'): Scenario {
  return scenario({
    title: `all memory and its reserves gone, then ${lines} lines and a panic${irqs === 'on' ? '' : ', interrupts off'}`,
    why: 'What was asked for in 2001: “a guarantee that messages are sent even if the system is under real OOM”.',
    needs: ['lab-module'],
    // A text without sequence numbers can’t prove what the ring has overwritten.
    format: 'extended',
    async run({ guest }) {
      const lab = await guest.lab();
      lab.exhaustAndDie({ lines, irqs, death: 'panic' });
    },
    expect: {
      kind: 'panic',
      ends: 'panic',
      says: MEMORY_GONE,
      losses: [rebootsBeforeFlush, lines >= FLOOD && irqs === 'off' ? overwrittenByFlood : noBuffer],
    },
  });
}

export default family({
  ...Object.fromEntries(LINES.map((lines) => [lines, exhausted(lines)])),
  ...Object.fromEntries(LINES.map((lines) => [`${lines}-irqs-off`, exhausted(lines, 'off')])),
});
