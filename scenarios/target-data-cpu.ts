import { scenario } from '../harness/lab/scenario.ts';
import { arrivedOf, needAttribute, record, TARGET, valueOf } from './special-records.ts';

const WRITERS = [0, 1].map((cpu) => ({ cpu, said: record(`crashlab: said on CPU ${cpu}`) }));

export default scenario({
  title: 'cpu= and taskname= are those of who said it, not of who sends it; the guest lives on',
  why: 'Which of a hundred CPUs has gone mad: the one that prints may be another.',
  needs: ['vcpus:2'],
  format: 'extended',
  async prepare({ guest }) {
    for (const name of ['cpu_nr', 'taskname']) {
      await needAttribute(guest, `userdata/${name}_enabled`);
      await guest.run(`echo 1 > ${TARGET}/userdata/${name}_enabled`);
    }
  },
  async run({ guest }) {
    // A process of its own for each: a shell's own printf would be the agent's.
    for (const { cpu, said } of WRITERS)
      await guest.run(`taskset ${1 << cpu} printf '<6>${said.format}\\n' > /dev/kmsg`);
  },
  check: (seen) =>
    WRITERS.flatMap(({ cpu, said }) => {
      const came = arrivedOf(said, seen);
      const found = { cpu: valueOf('cpu', came), taskname: valueOf('taskname', came) };
      return found.cpu === `${cpu}` && found.taskname === 'printf'
        ? []
        : [`What printf said on CPU ${cpu} came with cpu=${found.cpu} and taskname=${found.taskname}.`];
    }),
  expect: { kind: 'none', ends: 'alive', says: /said on CPU 1/ },
});
