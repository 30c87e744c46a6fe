import { scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

export default scenario({
  title: 'oops in a hard interrupt handler',
  why: 'The 2001 promise: emergency packets “even from interrupt handlers”.',
  suite: 'quick',
  needs: ['gdb-stub'],
  async run({ guest }) {
    await guest.crashAt('hrtimer_interrupt');
  },
  expect: {
    kind: 'invalid-opcode',
    context: 'hardirq',
    ends: 'panic',
    losses: panicLosses,
  },
});
