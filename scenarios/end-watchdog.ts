import { family, type Scenario, scenario, type ScenarioGuest } from '../harness/lab/scenario.ts';

const LINES = 50;
const SAY = `i=1; while [ $i -le ${LINES} ]; do echo "<6>crashlab: line $i of ${LINES}" > /dev/kmsg; i=$((i + 1)); done`;

function bitten(what: string, stopFeeding: (guest: ScenarioGuest) => Promise<void>): Scenario {
  return scenario({
    title: `${what}, and the watchdog resets the machine`,
    why: 'A machine that hangs says nothing: the lines before are all there is.',
    needs: ['module:i6300esb', 'lab-module'],
    boot: { devices: ['i6300esb'] },
    async prepare({ guest }) {
      await guest.load('i6300esb');
      await guest.run('watchdog -t 1 -T 4 /dev/watchdog');
    },
    async run({ guest }) {
      await guest.run(SAY);
      await stopFeeding(guest);
    },
    check({ guest }) {
      return guest.events().includes('WATCHDOG') ? [] : guest.missed('The watchdog did not bite.');
    },
    expect: { kind: 'none', ends: 'reset', says: /crashlab: line 50 of 50/ },
  });
}

export default family({
  unfed: bitten('nobody feeds it', async (guest) => {
    await guest.run('killall -STOP watchdog');
  }),
  hang: bitten('the only CPU hangs with interrupts off', async (guest) => {
    const lab = await guest.lab();
    lab.crash({ how: 'hang', context: 'irqsoff' });
  }),
});
