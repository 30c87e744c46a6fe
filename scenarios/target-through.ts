import { family, type Scenario, scenario, type ScenarioGuest } from '../harness/lab/scenario.ts';
import { rebootsBeforeFlush } from './known-losses.ts';
import { say, SPECIAL, TARGET } from './special-records.ts';

/** Interfaces that stand on eth0, and how they are made; eth0’s address moves to them. */
const DEVICES = {
  bridge: {
    module: 'bridge',
    name: 'br0',
    // A port that has just been added learns for 15 seconds before it forwards.
    make: 'brctl addbr br0 && echo 0 > /sys/class/net/br0/bridge/forward_delay && brctl addif br0 eth0',
  },
  bond: {
    module: 'bonding',
    name: 'bond0',
    make: 'echo +bond0 > /sys/class/net/bonding_masters && echo active-backup > /sys/class/net/bond0/bonding/mode && echo 10 > /sys/class/net/bond0/bonding/miimon && ip link set bond0 up && ip link set eth0 down && echo +eth0 > /sys/class/net/bond0/bonding/slaves',
  },
  vlan: { module: '8021q', name: 'vlan5', make: 'ip link add link eth0 name vlan5 type vlan id 5' },
  macvlan: { module: 'macvlan', name: 'mac0', make: 'ip link add link eth0 name mac0 type macvlan' },
} as const;

type Device = (typeof DEVICES)[keyof typeof DEVICES];

async function stackOn(guest: ScenarioGuest, { module, name, make }: Device): Promise<void> {
  await guest.load(module, module === 'bonding' ? 'max_bonds=0' : '');
  await guest.run(`echo 0 > ${TARGET}/enabled`);
  await guest.run(`ip addr flush dev eth0 && ${make} && ip link set eth0 up && ip link set ${name} up`);
  await guest.run(`ip addr add 10.0.2.15/24 dev ${name}`);
  await guest.run(`until [ "$(cat /sys/class/net/${name}/carrier)" = 1 ]; do usleep 10000; done`);
  await guest.run(`echo ${name} > ${TARGET}/dev_name && echo 1 > ${TARGET}/enabled`);
}

function through(kind: string, device: Device): Scenario {
  return scenario({
    title: `netconsole through a ${kind}: hard records, then a panic`,
    why: 'Servers have their address there, not on the network card.',
    needs: [`module:${device.module}`],
    format: 'extended',
    prepare: ({ guest }) => stackOn(guest, device),
    async run({ guest }) {
      await say(guest, Object.values(SPECIAL));
      guest.kill('echo c > /proc/sysrq-trigger');
    },
    expect: { kind: 'panic', context: 'task', ends: 'panic', losses: [rebootsBeforeFlush] },
  });
}

/** The interface of a living target becomes a part of another. */
function enslaved(kind: 'bridge' | 'bond', join: string): Scenario {
  const { module } = DEVICES[kind];
  return scenario({
    title: `the target’s interface becomes part of a ${kind}; the guest lives on`,
    why: 'The netconsole that stopped when the network was set up: for years the most reported trouble with it.',
    needs: [`module:${module}`],
    format: 'extended',
    async run({ guest }) {
      await guest.load(module, kind === 'bond' ? 'max_bonds=0' : '');
      await guest.run(join);
      if ((await guest.run(`cat ${TARGET}/enabled`)).trim() !== '0')
        guest.missed('The target is still enabled.');
      const { status } = await guest.attempt(`echo 1 > ${TARGET}/enabled`);
      if (status === 0) guest.missed('The target could be enabled on an enslaved interface.');
      await say(guest, [SPECIAL.plain]);
    },
    expect: {
      kind: 'none',
      ends: 'alive',
      says: /network logging stopped on interface eth0 as it is joining a master device/,
      losses: [
        {
          when: () => true,
          from: /^netconsole: network logging stopped on interface/,
          because:
            'netpoll can’t send through an interface that belongs to another: the target is disabled for good, and can’t be enabled there',
          source:
            'drivers/net/netconsole.c netconsole_netdev_event(), net/core/netpoll.c netpoll_setup(); measured on 6.1, 6.12 and 7.2',
        },
      ],
    },
  });
}

export default family({
  ...Object.fromEntries(Object.entries(DEVICES).map(([kind, device]) => [kind, through(kind, device)])),
  'bridge-joined': enslaved('bridge', 'brctl addbr br0 && brctl addif br0 eth0'),
  'bond-joined': enslaved(
    'bond',
    'echo +bond0 > /sys/class/net/bonding_masters && ip link set eth0 down && echo +eth0 > /sys/class/net/bond0/bonding/slaves',
  ),
});
