import { scenario } from '../harness/lab/scenario.ts';

export default scenario({
  title: 'oopses on two CPUs at once; the guest lives on',
  why: 'Both want to print: one has to wait, without taking what the other says with it.',
  needs: ['lab-module', 'vcpus:2'],
  async prepare({ guest }) {
    // Whoever panics first stops the other, often before it has oopsed.
    await guest.run('echo 0 > /proc/sys/kernel/panic_on_oops');
  },
  async run({ guest }) {
    const lab = await guest.lab();
    lab.crash({ how: 'bug', cpus: 'all' });
    await guest.until(/(?:---\[ end trace[^]*){2}/, 20);
    await guest.run('true');
  },
  // The two reports are woven into each other: neither's context can be told from the text.
  expect: { kind: 'bug', ends: 'alive' },
  check({ written, guest }) {
    const dead = written.filter(({ text }) => text.startsWith('kernel BUG at ')).length;
    return dead === 2 ? [] : guest.missed(`${dead} CPUs oopsed, not two.`);
  },
});
