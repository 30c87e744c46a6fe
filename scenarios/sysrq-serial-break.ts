import { scenario } from '../harness/lab/scenario.ts';
import { rebootsBeforeFlush } from './known-losses.ts';

export default scenario({
  title: 'panic by a break on the serial line, in its interrupt',
  why: 'How a machine without a keyboard is asked for its last words.',
  needs: [],
  async prepare({ guest }) {
    if ((await guest.attempt('[ -e /dev/ttyS0 ]')).status !== 0)
      guest.lacks('This guest’s console is no 8250 port.');
    // The port listens only while somebody has it open.
    await guest.run('sleep 86400 < /dev/ttyS0 > /dev/null 2>&1 &');
  },
  async run({ guest }) {
    await guest.serialSysrq('c');
  },
  expect: { kind: 'panic', context: 'hardirq', ends: 'panic', losses: [rebootsBeforeFlush] },
});
