import { scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

export default scenario({
  title: 'panic by a break on the serial line, in its interrupt',
  why: 'How a machine without a keyboard is asked for its last words.',
  needs: [],
  async prepare({ guest }) {
    // The port listens only while somebody has it open.
    await guest.run('sleep 86400 < /dev/$(cat /sys/class/tty/console/active) > /dev/null 2>&1 &');
  },
  async run({ guest }) {
    await guest.serialSysrq('c');
  },
  expect: { kind: 'panic', context: 'hardirq', ends: 'panic', losses: panicLosses },
});
