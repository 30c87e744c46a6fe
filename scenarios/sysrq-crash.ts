import { scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

export default scenario({
  title: 'panic by /proc/sysrq-trigger',
  why: 'The plainest death: a task calls panic(). Everything else is harder.',
  suite: 'quick',
  needs: [],
  async run({ guest }) {
    guest.kill('echo c > /proc/sysrq-trigger');
  },
  expect: {
    kind: 'panic',
    context: 'task',
    ends: 'panic',
    losses: panicLosses,
  },
});
