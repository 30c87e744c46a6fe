import { scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

export default scenario({
  title: 'out of memory, and that is a panic',
  why: 'vm.panic_on_oom=2: the report of a shortage and its end come while the memory is short.',
  needs: [],
  async prepare({ guest }) {
    await guest.run('echo 2 > /proc/sys/vm/panic_on_oom');
  },
  async run({ guest }) {
    guest.kill('(tail /dev/zero)');
  },
  expect: {
    kind: ['oom', 'panic'],
    context: 'task',
    ends: 'panic',
    says: /Out of memory: .*panic_on_oom is enabled/,
    losses: panicLosses,
  },
});
