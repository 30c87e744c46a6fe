import { scenario, type Seen } from '../harness/lab/scenario.ts';
import { arrivedTexts, linesIn } from './flood.ts';

/** Lines a second that are asked for, each for a second: so many lines, which tells the steps apart. */
const RATES = [250, 500, 1000, 2000, 4000, 8000];
const BYTES = 100;
/** In seconds. A guest under emulation may need far longer for a step than the one second it is asked to take. */
const PATIENCE = 60;

const linesOf = (rate: number) => new RegExp(`burst (\\d+)/${rate} `, 'g');

/** How many lines a second were printed in a step, by the guest's own clock in what arrived. */
function printedRate(rate: number, { arrived }: Seen): number {
  const times: number[] = [];
  const pattern = linesOf(rate);
  for (const copies of arrived.records.values()) {
    for (const { text, timestampUs } of copies) if (text.search(pattern) >= 0) times.push(timestampUs);
  }
  const seconds = (Math.max(...times) - Math.min(...times)) / 1e6;
  return times.length > 1 && seconds > 0 ? rate / seconds : 0;
}

export default scenario({
  title: 'the fastest flood that arrives whole, against the serial console',
  why: 'How much may a machine say before netconsole loses some of it?',
  needs: ['lab-module'],
  suite: 'full',
  format: 'extended',
  async run({ guest }) {
    const lab = await guest.lab();
    for (const rate of RATES) {
      await lab.burst({ count: rate, size: BYTES, rate });
      await guest.until(new RegExp(`burst ${rate}/${rate} `), PATIENCE);
      // The other witness’s printer may be behind.
      await guest.pause(1000);
    }
  },
  measure(seen) {
    const witnesses = {
      wire: (rate: number) => linesIn(arrivedTexts(seen), linesOf(rate)).size,
      'serial console': (rate: number) => linesIn([seen.console], linesOf(rate)).size,
    };
    return Object.entries(witnesses).flatMap(([witness, count]) => {
      const steps = RATES.map((rate) => ({
        rate,
        printed: printedRate(rate, seen),
        lost: rate - count(rate),
      }));
      const firstLoss = steps.findIndex(({ lost }) => lost > 0);
      const whole = firstLoss < 0 ? steps : steps.slice(0, firstLoss);
      const best = Math.round(Math.max(0, ...whole.map(({ printed }) => printed)));
      return [
        { name: 'fastest flood without loss', unit: 'lines/s', value: best, witness },
        ...steps.map(({ rate, printed, lost }) => ({
          name: 'lines lost',
          unit: 'lines',
          value: lost,
          witness,
          'lines/s asked for': rate,
          'lines/s printed': Math.round(printed),
        })),
      ];
    });
  },
  expect: {
    kind: 'none',
    ends: 'alive',
    says: new RegExp(`burst ${RATES.at(-1)}/`),
    losses: [
      {
        when: () => true,
        how: 'sometimes',
        only: /^$|^crashlab: burst \d+\//,
        because: 'the rate at which a flood begins to lose is what this looks for',
        source: 'itself: its measurements say how much was lost at which rate',
      },
    ],
  },
});
