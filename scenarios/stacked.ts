import type { Need } from '../harness/lab/needs.ts';
import type { ScenarioGuest } from '../harness/lab/scenario.ts';
import { TARGET } from './special-records.ts';

/** An interface that stands on eth0. */
export interface Stacked {
  modules: readonly string[];
  name: string;
  /** Makes it, without eth0. */
  make?: string;
  /** The mode of a team, which the lab module gives it before it has a port. */
  mode?: string;
  /** Puts eth0 into it, or it onto eth0. */
  join: string;
}

const PARAMETERS: Record<string, string> = { bonding: 'max_bonds=0' };

/** Interfaces that stand on eth0, and how they are made. */
export const STACKED = {
  bridge: {
    modules: ['bridge'],
    name: 'br0',
    // A port that has just been added learns for 15 seconds before it forwards.
    make: 'brctl addbr br0 && echo 0 > /sys/class/net/br0/bridge/forward_delay',
    join: 'brctl addif br0 eth0',
  },
  bond: {
    modules: ['bonding'],
    name: 'bond0',
    make: 'echo +bond0 > /sys/class/net/bonding_masters && echo active-backup > /sys/class/net/bond0/bonding/mode && echo 10 > /sys/class/net/bond0/bonding/miimon && ip link set bond0 up',
    join: 'ip link set eth0 down && echo +eth0 > /sys/class/net/bond0/bonding/slaves',
  },
  team: {
    modules: ['team', 'team_mode_roundrobin'],
    name: 'team0',
    make: 'ip link add name team0 type team',
    mode: 'roundrobin',
    join: 'ip link set eth0 down && ip link set eth0 master team0',
  },
  vlan: { modules: ['8021q'], name: 'vlan5', join: 'ip link add link eth0 name vlan5 type vlan id 5' },
  macvlan: { modules: ['macvlan'], name: 'mac0', join: 'ip link add link eth0 name mac0 type macvlan' },
} as const satisfies Record<string, Stacked>;

export const modulesOf = ({ modules }: Stacked) => modules.map((module): Need => `module:${module}`);

/** What it takes to send through it. */
export function needsOf(stacked: Stacked): Need[] {
  return stacked.mode === undefined ? modulesOf(stacked) : [...modulesOf(stacked), 'lab-module'];
}

/** Makes the interface, without eth0 where it can be. */
export async function make(guest: ScenarioGuest, { modules, make: command }: Stacked): Promise<void> {
  for (const module of modules) await guest.load(module, PARAMETERS[module]);
  if (command !== undefined) await guest.run(command);
}

/** Makes the interface on eth0, gives it eth0’s address and lets the target send through it. */
export async function sendThrough(guest: ScenarioGuest, stacked: Stacked): Promise<void> {
  const { name, mode, join } = stacked;
  await guest.run(`echo 0 > ${TARGET}/enabled && ip addr flush dev eth0`);
  await make(guest, stacked);
  if (mode !== undefined) await (await guest.lab()).team({ device: name, mode });
  await guest.run(`${join} && ip link set eth0 up && ip link set ${name} up`);
  await guest.run(`ip addr add 10.0.2.15/24 dev ${name}`);
  await guest.run(`until [ "$(cat /sys/class/net/${name}/carrier)" = 1 ]; do usleep 10000; done`);
  await guest.run(`echo ${name} > ${TARGET}/dev_name && echo 1 > ${TARGET}/enabled`);
}

/** Puts the interface of the living target into another, which ends the target; ends the run where it doesn’t. */
export async function joinWithTarget(guest: ScenarioGuest, stacked: Stacked): Promise<void> {
  await make(guest, stacked);
  await guest.run(stacked.join);
  if ((await guest.run(`cat ${TARGET}/enabled`)).trim() !== '0') guest.missed('The target is still enabled.');
  const { status } = await guest.attempt(`echo 1 > ${TARGET}/enabled`);
  if (status === 0) guest.missed('The target could be enabled on an enslaved interface.');
}

/** What the kernel says of that, in its words. */
export const STOPPED = /network logging stopped on interface eth0 as it is joining a master device/;
