import { family, type Scenario, scenario } from '../harness/lab/scenario.ts';
import { PANIC, panicLosses } from './known-losses.ts';

/** What is done to the interface before a panic, and what netconsole should make of it. */
const CHANGES = {
  'address-removed': {
    title: 'the address is taken from the interface, then a panic',
    why: 'A target has addresses of its own: what the network configuration does later is no business of its.',
    command: 'ip addr flush dev eth0',
    proof: '! ip addr show dev eth0 | grep -q "inet "',
    silent: false,
  },
  'routes-removed': {
    title: 'all routes and neighbours are gone, then a panic',
    why: 'netconsole asks neither routing nor ARP: that is why a target has a MAC address.',
    command: 'ip route flush table main; ip neigh flush dev eth0',
    proof: '[ -z "$(ip route)" ]',
    silent: false,
  },
  down: {
    title: 'the interface is set down, then a panic',
    why: 'A shutdown takes the network down first: what the kernel says then has nowhere to go.',
    command: 'ip link set eth0 down',
    proof: '[ "$(cat /sys/class/net/eth0/operstate)" = down ]',
    silent: true,
  },
};

function changed({ title, why, command, proof, silent }: (typeof CHANGES)['down']): Scenario {
  const interfaceIsDown = {
    when: () => true,
    from: PANIC,
    because:
      'netconsole sends only through an interface that runs (netif_running): it drops everything, silently',
    source: 'drivers/net/netconsole.c write_msg(), write_ext_msg(); measured on 6.1, 6.12 and 7.2',
  };
  return scenario({
    title,
    why,
    needs: [],
    async run({ guest }) {
      await guest.run(command);
      if ((await guest.attempt(proof)).status !== 0) guest.missed('The interface is still as it was.');
      guest.kill('echo c > /proc/sysrq-trigger');
    },
    expect: {
      kind: 'panic',
      context: 'task',
      ends: 'panic',
      losses: silent ? [interfaceIsDown] : panicLosses,
    },
  });
}

export default family(
  Object.fromEntries(Object.entries(CHANGES).map(([name, change]) => [name, changed(change)])),
);
