import { family, type Scenario, scenario } from '../harness/lab/scenario.ts';
import { rebootsBeforeFlush } from './known-losses.ts';

/** How many lines are printed while nothing is left: one for each of netpoll's reserve, ten times, a hundred times. */
const LINES = [32, 300, 3000];

function exhausted(lines: number, irqs: 'on' | 'off' = 'on'): Scenario {
  return scenario({
    title: `all memory and its reserves gone, then ${lines} lines and a panic${irqs === 'on' ? '' : ', interrupts off'}`,
    why: 'What was asked for in 2001: “a guarantee that messages are sent even if the system is under real OOM”.',
    needs: ['lab-module'],
    async run({ guest }) {
      const lab = await guest.lab();
      lab.exhaustAndDie({ lines, irqs, death: 'panic' });
    },
    expect: { kind: 'panic', ends: 'panic', says: /exhausted pages=\d+/, losses: [rebootsBeforeFlush] },
  });
}

export default family({
  ...Object.fromEntries(LINES.map((lines) => [lines, exhausted(lines)])),
  ...Object.fromEntries(LINES.map((lines) => [`${lines}-irqs-off`, exhausted(lines, 'off')])),
});
