import { scenario } from '../harness/lab/scenario.ts';
import { lastLineInNmi, panicLosses } from './known-losses.ts';

export default scenario({
  title: 'panic in a non-maskable interrupt',
  why: 'The context with the fewest rights: no lock may be waited for.',
  suite: 'quick',
  needs: ['nmi'],
  async prepare({ guest }) {
    await guest.run('echo 1 > /proc/sys/kernel/unknown_nmi_panic');
  },
  async run({ guest }) {
    await guest.injectNmi();
  },
  expect: {
    kind: 'panic',
    context: 'nmi',
    ends: 'panic',
    losses: [...panicLosses, lastLineInNmi],
  },
});
