import { scenario } from '../harness/lab/scenario.ts';
import { say, SPECIAL, TARGET } from './special-records.ts';

export default scenario({
  title: 'the NIC is unplugged and plugged in again: the target resumes; the guest lives on',
  why: 'A driver that is reloaded must not end netconsole for good.',
  needs: ['own-wire'],
  format: 'extended',
  async run({ guest }) {
    await guest.unplug();
    await guest.plug();
    await guest.run('ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0');
    await guest.run('until [ "$(cat /sys/class/net/eth0/carrier)" = 1 ]; do usleep 10000; done');
    const resumed = `n=0; until [ "$(cat ${TARGET}/enabled)" = 1 ]; do usleep 10000; n=$((n + 1)); [ $n -lt 200 ] || exit 1; done`;
    if ((await guest.attempt(`(${resumed})`)).status !== 0)
      guest.lacks('This kernel’s target does not come back with its interface.');
    await say(guest, Object.values(SPECIAL));
  },
  expect: {
    kind: 'none',
    ends: 'alive',
    says: /a plain record/,
    losses: [
      {
        when: () => true,
        only: /^(?!crashlab: )/,
        because: 'what is said while there is no NIC, of its going and coming, has nowhere to go',
        source: 'drivers/net/netconsole.c netconsole_netdev_event(); measured on 7.2: 11 of 20 records',
      },
    ],
  },
});
