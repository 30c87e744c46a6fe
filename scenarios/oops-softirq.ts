import { scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

export default scenario({
  title: 'oops in a softirq',
  why: 'Where network drivers and timers live, netconsole’s own among them.',
  suite: 'quick',
  needs: ['gdb-stub'],
  async run({ guest }) {
    // Not handle_softirqs: at its entry the CPU does not yet count as being in a softirq.
    await guest.crashAt('run_timer_softirq');
  },
  expect: {
    kind: 'invalid-opcode',
    context: 'softirq',
    ends: 'panic',
    losses: panicLosses,
  },
});
