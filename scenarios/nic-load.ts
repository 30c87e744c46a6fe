import {
  family,
  type Scenario,
  scenario,
  type ScenarioGuest,
  type Traffic,
  type TrafficPlan,
} from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

const RUNNING_MS = 500;
const UDP_IN = { perSecond: 1000, bytes: 1000 };

const PLANS: Record<string, TrafficPlan> = {
  'tcp-out': { tcp: ['from guest'] },
  'tcp-in': { tcp: ['to guest'] },
  'tcp-both': { tcp: ['from guest', 'to guest'] },
  'udp-out': { udp: { fromGuest: true } },
  'udp-in': { udp: { toGuest: UDP_IN } },
  'udp-both': { udp: { fromGuest: true, toGuest: UDP_IN } },
};

interface Counted {
  /** Datagrams for a port that nobody listens on, since the guest was booted. */
  datagrams: number;
  /** The guest's own clock. */
  seconds: number;
}

/** What the guest itself has counted of datagrams that came in. */
async function countIn(guest: ScenarioGuest): Promise<Counted> {
  const text = await guest.run("awk '/^Udp: [0-9]/ { print $3 }' /proc/net/snmp; cat /proc/uptime");
  const [datagrams = 0, seconds = 0] = text.split(/\s+/).map(Number);
  return { datagrams, seconds };
}

/** What it took of them a second, in bytes. */
function rateIn(before: Counted, after: Counted): number {
  return ((after.datagrams - before.datagrams) * UDP_IN.bytes) / (after.seconds - before.seconds);
}

function loaded(name: string, plan: TrafficPlan): Scenario {
  const loads = new WeakMap<ScenarioGuest, { traffic: Traffic; udpIn: number }>();
  return scenario({
    title: `panic under a load of ${name.replace('-', ', ')}`,
    why: 'netconsole shares the NIC with whatever the machine was doing: its queue is full when it dies.',
    needs: ['own-wire'],
    async run({ guest }) {
      const traffic = await guest.traffic(plan);
      const before = await countIn(guest);
      // Its rate can be told only of a load that has run for a moment.
      await guest.pause(RUNNING_MS);
      const udpIn = rateIn(before, await countIn(guest));
      if (plan.udp?.toGuest && !(udpIn > 0)) guest.missed('The guest took no datagram of the load.');
      loads.set(guest, { traffic, udpIn });
      guest.kill('echo c > /proc/sysrq-trigger');
    },
    measure({ guest }) {
      const load = loads.get(guest);
      if (!load) return [];
      const { tcp, udp } = load.traffic.measure();
      // Of datagrams that are sent to it only the guest knows which it took.
      const out = tcp['from guest'].bytesPerSecond + udp['from guest'].bytesPerSecond;
      const into = tcp['to guest'].bytesPerSecond + load.udpIn;
      return [
        { name: 'load from guest', unit: 'bytes/s', value: out },
        { name: 'load to guest', unit: 'bytes/s', value: into },
      ];
    },
    expect: { kind: 'panic', context: 'task', ends: 'panic', losses: panicLosses },
  });
}

export default family(
  Object.fromEntries(Object.entries(PLANS).map(([name, plan]) => [name, loaded(name, plan)])),
);
