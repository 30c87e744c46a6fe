import { scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

export default scenario({
  title: 'panic while the network configuration’s lock is held for ever',
  why: 'A driver that hangs in its configuration holds it: sending must not need it.',
  needs: ['lab-module'],
  async run({ guest }) {
    const lab = await guest.lab();
    await lab.hold({ lock: 'rtnl', ms: 'forever' });
    guest.kill('echo c > /proc/sysrq-trigger');
  },
  expect: { kind: 'panic', context: 'task', ends: 'panic', losses: panicLosses },
});
