import { scenario } from '../harness/lab/scenario.ts';

export default scenario({
  title: '“Loglevel set to 9” by the keyboard; the guest lives on',
  why: 'The line the 2001 announcement of netconsole shows as its own output.',
  suite: 'quick',
  needs: ['keyboard'],
  async run({ guest }) {
    await guest.pressKeys('alt', 'sysrq', '9');
    await guest.run('until dmesg | grep -q "Loglevel set to 9"; do usleep 10000; done');
  },
  expect: { kind: 'none', ends: 'alive' },
});
