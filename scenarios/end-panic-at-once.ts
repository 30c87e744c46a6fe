import { scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

export default scenario({
  title: 'a panic that reboots at once (panic=-1)',
  why: 'What most machines in a fleet are set to: no pause in which anything could still be sent.',
  needs: [],
  panic: -1,
  async run({ guest }) {
    guest.kill('echo c > /proc/sysrq-trigger');
  },
  expect: { kind: 'panic', context: 'task', ends: 'reset', losses: panicLosses },
});
