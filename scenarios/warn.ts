import { family, type Scenario, scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

const SAYS = /crashlab: a warning, as asked/;

function warn(panicOnWarn: 0 | 1, about: Pick<Scenario, 'title' | 'why'>, ends: 'alive' | 'panic'): Scenario {
  return scenario({
    ...about,
    needs: ['lab-module'],
    async prepare({ guest }) {
      await guest.run(`echo ${panicOnWarn} > /proc/sys/kernel/panic_on_warn`);
    },
    async run({ guest }) {
      const lab = await guest.lab();
      lab.crash({ how: 'warn' });
      if (ends === 'alive') await guest.run('true');
    },
    expect: {
      kind: 'warning',
      context: 'task',
      ends,
      says: SAYS,
      losses: ends === 'panic' ? panicLosses : [],
    },
  });
}

export default family({
  survived: warn(
    0,
    { title: 'a warning; the guest lives on', why: 'The report people see most, of a kernel that goes on.' },
    'alive',
  ),
  panics: warn(
    1,
    {
      title: 'a warning, with panic_on_warn=1',
      why: 'How test fleets run: the report of the warning is what is wanted, and the panic ends it.',
    },
    'panic',
  ),
});
