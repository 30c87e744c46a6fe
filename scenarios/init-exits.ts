import { scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

export default scenario({
  title: 'init exits',
  why: 'The 2001 promise: “even if the crash is in init”.',
  suite: 'quick',
  needs: [],
  async run({ guest }) {
    guest.kill('exit 7');
  },
  expect: {
    kind: 'panic',
    context: 'task',
    ends: 'panic',
    losses: panicLosses,
  },
});
