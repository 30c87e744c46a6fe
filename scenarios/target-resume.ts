import { family, type KnownLoss, scenario, type ScenarioGuest } from '../harness/lab/scenario.ts';
import { bindByMac, OWN_TARGET } from './parameter.ts';
import { say, SPECIAL, TARGET } from './special-records.ts';

const ALL = Object.values(SPECIAL);
const why = 'A driver that is reloaded must not end netconsole for good.';

const nowhereToGo: KnownLoss = {
  when: () => true,
  only: /^(?!crashlab: )/,
  because: 'what is said while there is no NIC, of its going and coming, has nowhere to go',
  source: 'drivers/net/netconsole.c netconsole_netdev_event(); measured on 7.2: 10 or 11 of 20 records',
};

/** Whether the module has the work of resuming. */
const RESUMES = 'grep -q " process_resume_target" /proc/kallsyms';

/** Skips the run on a kernel whose target stays away: one that has the work of resuming must do it. */
async function mustResume(guest: ScenarioGuest): Promise<void> {
  if (!(await guest.probe('resumes', { command: RESUMES })))
    guest.lacks('This kernel’s target does not come back with its interface.');
}

/** Brings up the NIC that is back, and waits until the target is. */
async function untilResumed(guest: ScenarioGuest, target: string, name: string): Promise<void> {
  await guest.run(`until [ -e /sys/class/net/${name} ]; do usleep 10000; done`);
  await guest.run(`ip link set ${name} up && ip addr add 10.0.2.15/24 dev ${name}`);
  await guest.run(`until [ "$(cat /sys/class/net/${name}/carrier)" = 1 ]; do usleep 10000; done`);
  await guest.run(`until [ "$(cat ${target}/enabled)" = 1 ]; do usleep 10000; done`);
}

export default family({
  name: scenario({
    title: 'the NIC is unplugged and plugged in again: the target resumes; the guest lives on',
    why,
    needs: ['own-wire', 'hotplug'],
    format: 'extended',
    prepare: ({ guest }) => mustResume(guest),
    async run({ guest }) {
      await guest.unplug();
      await guest.plug();
      await untilResumed(guest, TARGET, 'eth0');
      await say(guest, ALL);
    },
    expect: {
      kind: 'none',
      ends: 'alive',
      says: /network logging resumed on interface eth0/,
      losses: [nowhereToGo],
    },
  }),
  mac: scenario({
    title: 'the NIC comes back under another name: a target bound by MAC address resumes; the guest lives on',
    why,
    needs: ['own-wire', 'hotplug', 'module:dummy'],
    format: 'extended',
    async prepare({ guest }) {
      await mustResume(guest);
      await bindByMac(guest);
      await guest.load('dummy', 'numdummies=0');
    },
    async run({ guest }) {
      await guest.unplug();
      // Whoever goes by the name takes this one.
      await guest.run('ip link add name eth0 type dummy && ip link set eth0 up');
      await guest.plug();
      await untilResumed(guest, OWN_TARGET, 'eth1');
      await say(guest, ALL);
    },
    expect: {
      kind: 'none',
      ends: 'alive',
      says: /network logging resumed on interface eth1/,
      losses: [nowhereToGo],
    },
  }),
});
