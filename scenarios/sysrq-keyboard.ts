import { scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

export default scenario({
  title: 'panic by the keyboard, in its interrupt',
  why: 'The 2001 promise: messages get out “even from interrupt handlers”.',
  suite: 'quick',
  needs: ['keyboard'],
  async run({ guest }) {
    await guest.pressKeys('alt', 'sysrq', 'c');
  },
  expect: {
    kind: 'panic',
    context: 'hardirq',
    ends: 'panic',
    losses: panicLosses,
  },
});
