import { family, scenario } from '../harness/lab/scenario.ts';
import { say, SPECIAL, TARGET } from './special-records.ts';
import { joinWithTarget, modulesOf, sendThrough, STACKED, STOPPED } from './stacked.ts';

const PORTS = '/sys/class/net/bond0/bonding/slaves';
const ALL = Object.values(SPECIAL);

export default family({
  left: scenario({
    title: 'the target’s interface becomes part of a bond, and the bond is removed; the guest lives on',
    why: 'What ended netconsole is undone: it must be possible to have it back.',
    needs: modulesOf(STACKED.bond),
    format: 'extended',
    async run({ guest }) {
      await joinWithTarget(guest, STACKED.bond);
      await guest.run('echo -bond0 > /sys/class/net/bonding_masters && ip link set eth0 up');
      await guest.run('until [ "$(cat /sys/class/net/eth0/carrier)" = 1 ]; do usleep 10000; done');
      await guest.run(`echo 1 > ${TARGET}/enabled`);
      await say(guest, ALL);
    },
    expect: {
      kind: 'none',
      ends: 'alive',
      says: STOPPED,
      losses: [
        {
          when: () => true,
          only: /^(?!crashlab: )/,
          because:
            'what is said while the target is disabled, of the bond and of the target, has nowhere to go',
          source:
            'drivers/net/netconsole.c netconsole_netdev_event(); measured in 5 runs each: 21 of 31 records on 6.1, 21 of 32 on 6.12, 19 or 21 of 32 on 7.2, whose thread may send a line later',
        },
      ],
    },
  }),
  'second-port': scenario({
    title: 'a bond that netconsole sends through is given a second port; the guest lives on',
    why: 'A cable that is added must not end netconsole.',
    needs: [...modulesOf(STACKED.bond), 'module:dummy'],
    format: 'extended',
    async prepare({ guest }) {
      await guest.load('dummy', 'numdummies=0');
      await sendThrough(guest, STACKED.bond);
    },
    async run({ guest }) {
      await guest.run(`ip link add name spare0 type dummy && echo +spare0 > ${PORTS}`);
      if (!(await guest.run(`cat ${PORTS}`)).includes('spare0')) guest.missed('The bond has no second port.');
      if ((await guest.run(`cat ${TARGET}/enabled`)).trim() !== '1')
        guest.missed('The second port ended the target.');
      await say(guest, ALL);
    },
    expect: { kind: 'none', ends: 'alive', says: /a plain record/ },
  }),
});
