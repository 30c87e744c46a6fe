import { scenario } from '../harness/lab/scenario.ts';
import { rebootsBeforeFlush } from './known-losses.ts';

export default scenario({
  title: 'oopses on two CPUs at once',
  why: 'Both want to print: one has to wait, and then to be stopped, without taking what the other says with it.',
  needs: ['lab-module', 'vcpus:2'],
  async prepare({ guest }) {
    await guest.run('echo 1 > /proc/sys/kernel/panic_on_oops');
  },
  async run({ guest }) {
    const lab = await guest.lab();
    lab.crash({ how: 'bug', cpus: 'all' });
  },
  // The two reports are woven into each other: neither's context can be told from the text.
  expect: { kind: 'bug', ends: 'panic', losses: [rebootsBeforeFlush] },
  check: ({ written }) => {
    const dead = written.filter(({ text }) => text.startsWith('kernel BUG at ')).length;
    return dead === 2 ? [] : [`${dead} CPUs oopsed, not two.`];
  },
});
