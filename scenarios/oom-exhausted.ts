import { family, type KnownLoss, type Scenario, scenario } from '../harness/lab/scenario.ts';
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
      // With interrupts on somebody else may ask for memory, and be killed for it.
      kind: irqs === 'on' ? ['panic', 'oom'] : 'panic',
      ends: 'panic',
      says: MEMORY_GONE,
      losses: lossesOf(lines, irqs),
    },
  });
}

/** The panic is lost as everywhere, and of what is printed without memory before it some. */
const bothWays: KnownLoss = {
  ...rebootsBeforeFlush,
  since: MEMORY_GONE,
  only: /^/,
  because: `${rebootsBeforeFlush.because}; before that, ${noBuffer.because}`,
  source: `${rebootsBeforeFlush.source}; ${noBuffer.source}`,
};

/** What is not overwritten is printed without memory. */
const overwrittenToo: KnownLoss = {
  ...overwrittenByFlood,
  since: MEMORY_GONE,
  only: /^/,
  because: `${overwrittenByFlood.because}; of what is left some: ${noBuffer.because}`,
  source: `${overwrittenByFlood.source}; beside them some of the panic’s own in 2 of 12 runs, 5 and all 40; ${noBuffer.source}`,
};

function lossesOf(lines: number, irqs: 'on' | 'off'): KnownLoss[] {
  // The first that applies is the one that counts.
  return [bothWays, ...(lines >= FLOOD && irqs === 'off' ? [overwrittenToo] : []), noBuffer];
}

export default family({
  ...Object.fromEntries(LINES.map((lines) => [lines, exhausted(lines)])),
  ...Object.fromEntries(LINES.map((lines) => [`${lines}-irqs-off`, exhausted(lines, 'off')])),
});
