import { family, type Scenario, scenario, type Traffic, type TrafficPlan } from '../harness/lab/scenario.ts';
import { rebootsBeforeFlush } from './known-losses.ts';

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

function loaded(name: string, plan: TrafficPlan): Scenario {
  const loads = new WeakMap<object, Traffic>();
  return scenario({
    title: `panic under a load of ${name.replace('-', ', ')}`,
    why: 'netconsole shares the NIC with whatever the machine was doing: its queue is full when it dies.',
    needs: ['own-wire'],
    async run({ guest }) {
      loads.set(guest, await guest.traffic(plan));
      // Its rate can be told only of a load that has run for a moment.
      await guest.pause(RUNNING_MS);
      guest.kill('echo c > /proc/sysrq-trigger');
    },
    measure({ guest }) {
      const moved = loads.get(guest)?.measure();
      if (!moved) return [];
      const { tcp, udp } = moved;
      const directions = ['from guest', 'to guest'] as const;
      return directions.map((direction) => ({
        name: `load ${direction}`,
        unit: 'bytes/s',
        value: tcp[direction].bytesPerSecond + udp[direction].bytesPerSecond,
      }));
    },
    expect: { kind: 'panic', context: 'task', ends: 'panic', losses: [rebootsBeforeFlush] },
  });
}

export default family(
  Object.fromEntries(Object.entries(PLANS).map(([name, plan]) => [name, loaded(name, plan)])),
);
