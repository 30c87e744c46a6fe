import { scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

export default scenario({
  title: 'oops in the idle task',
  why: 'The task that cannot be killed: the kernel panics over it even with panic_on_oops=0.',
  needs: ['gdb-stub'],
  async run({ guest }) {
    await guest.crashAt('tick_nohz_idle_enter');
  },
  expect: {
    kind: 'invalid-opcode',
    context: 'task',
    ends: 'panic',
    says: /Kernel panic - not syncing: Attempted to kill the idle task!/,
    losses: panicLosses,
  },
});
