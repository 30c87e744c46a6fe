import { scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

export default scenario({
  title: 'a packet filter drops everything, then a panic',
  why: 'netconsole goes straight to the driver: a firewall must not silence it.',
  needs: ['lab-module'],
  async run({ guest }) {
    const lab = await guest.lab();
    const ping = 'ping -c 1 -W 2 10.0.2.2 > /dev/null 2>&1';
    if ((await guest.attempt(ping)).status !== 0)
      guest.missed('The host does not answer even without the filter.');
    await lab.filter('all');
    if ((await guest.attempt(ping)).status === 0) guest.missed('The filter lets packets through.');
    guest.kill('echo c > /proc/sysrq-trigger');
  },
  expect: { kind: 'panic', context: 'task', ends: 'panic', losses: panicLosses },
});
