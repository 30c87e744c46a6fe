import { scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

export default scenario({
  title: 'panic in an initcall, as a module is loaded',
  why: 'What a boot dies of, in the initcall that comes after netconsole’s own where that is a module: a module’s.',
  needs: ['gdb-stub', 'module:null_blk'],
  async run({ guest }) {
    await guest.crashAt('do_one_initcall', { how: 'panic', provoke: 'insmod /lib/modules/null_blk.ko' });
  },
  expect: {
    kind: 'panic',
    context: 'task',
    ends: 'panic',
    says: /Kernel panic - not syncing: crashlab: panic at do_one_initcall/,
    losses: panicLosses,
  },
});
