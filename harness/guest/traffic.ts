import { CrashlabError } from '../host/error.ts';
import { type DatagramStream, type Flow, Load, LOAD_PORT } from '../wire/load.ts';
import { hostAt } from '../wire/responder.ts';
import type { Direction } from '../wire/timed-frame.ts';
import { type Guest, reasonOf, withDeadline } from './guest.ts';

/** What is to go over the wire. At least one must be asked for. */
export interface TrafficPlan {
  /** One TCP connection for each direction, as fast as both ends can. */
  tcp?: readonly Direction[];
  /**
   * `fromGuest`: datagrams as fast as the guest's user space makes them, up to 256 bytes each. `toGuest`: at a rate;
   * nobody listens there, the guest's kernel counts them (NoPorts in /proc/net/snmp).
   */
  udp?: { fromGuest?: boolean; toGuest?: DatagramStream };
}

/** A flow and how fast it was, bytes of payload a second from its first frame to its last. */
export interface MeasuredFlow extends Flow {
  bytesPerSecond: number;
}

/** What was moved until now. */
export interface TrafficMeasure {
  tcp: Record<Direction, MeasuredFlow>;
  udp: Record<Direction, MeasuredFlow>;
}

/** A load that runs. */
export interface Traffic {
  measure(): TrafficMeasure;
  /**
   * Ends it at the host's side, and tells the guest's side to end, without waiting: the guest may be dead. Gives what
   * was moved.
   */
  stop(): TrafficMeasure;
}

/** How often the host looks whether something is due: datagrams at a rate, an answer that never came. */
const TICK_MS = 10;
/** A guest under emulation opens a connection in milliseconds; this one is for a host that is busy. */
const START_MS = 20_000;
const PROCESSES = '/tmp/crashlab-load';

/**
 * Loads the wire between guest and host, and returns when every flow moves. The guest's side is busybox: `nc` for TCP,
 * `syslogd` fed by `logger` for UDP. Only with the wire `stream`, where we are the host. Errors: TRAFFIC_UNDOABLE,
 * TRAFFIC_SILENT.
 */
export async function startTraffic(guest: Guest, plan: TrafficPlan): Promise<Traffic> {
  const commands = commandsFor(guest, plan);
  const wanted = wantedFlows(plan);
  const { addresses, wire } = guest.specification;
  if (wire !== 'stream')
    throw undoable('Only the wire "stream" can carry a load: on "udp" QEMU is the host.');
  if (wanted.length === 0) throw undoable('A load without a flow is none.');
  const host = { mac: addresses.hostMac, ipv4: addresses.hostIpv4 };
  const load = new Load(
    { guest: { mac: addresses.mac, ipv4: addresses.ipv4 }, host },
    hostAt({ ...host, ipv6: addresses.hostIpv6 }),
    plan.udp?.toGuest ?? null,
  );
  const { segment, agent, signal } = guest;
  segment.carry(load);
  const timer = setInterval(() => segment.pump(), TICK_MS).unref();
  const end = () => clearInterval(timer);
  signal.addEventListener('abort', end, { once: true });
  const stop = (): TrafficMeasure => {
    load.stop();
    segment.pump();
    end();
    signal.removeEventListener('abort', end);
    if (!signal.aborted) agent.send(`kill $(cat ${PROCESSES}) 2>/dev/null; rm -f ${PROCESSES}`);
    return measured(load);
  };
  try {
    using deadline = withDeadline(signal, START_MS, () =>
      silent(wanted.filter((flow) => !moves(load, flow))),
    );
    for (const command of commands) await agent.must(command, deadline.signal);
    await untilMoving(() => wanted.every((flow) => moves(load, flow)), deadline.signal);
  } catch (error) {
    stop();
    throw error;
  }
  return { measure: () => measured(load), stop };
}

interface FlowName {
  protocol: 'tcp' | 'udp';
  direction: Direction;
}

function wantedFlows({ tcp = [], udp = {} }: TrafficPlan): FlowName[] {
  return [
    ...tcp.map((direction): FlowName => ({ protocol: 'tcp', direction })),
    ...(udp.fromGuest ? [{ protocol: 'udp', direction: 'from guest' } as const] : []),
    ...(udp.toGuest ? [{ protocol: 'udp', direction: 'to guest' } as const] : []),
  ];
}

/** Nothing of them may come out on the agent's port. */
function commandsFor({ specification }: Guest, { tcp = [], udp = {} }: TrafficPlan): string[] {
  const host = specification.addresses.hostIpv4;
  const words = 'crashlab load '.repeat(14);
  return [
    ...(tcp.includes('from guest')
      ? [behind(`nc ${host} ${LOAD_PORT.discard} < /dev/zero > /dev/null 2>&1`)]
      : []),
    ...(tcp.includes('to guest')
      ? [behind(`nc ${host} ${LOAD_PORT.stream} < /dev/null > /dev/null 2>&1`)]
      : []),
    ...(udp.fromGuest
      ? [
          behind(`syslogd -n -R ${host}:${LOAD_PORT.discard} > /dev/null 2>&1`),
          'until [ -S /dev/log ]; do usleep 1000; done',
          behind(`yes '${words}' | logger > /dev/null 2>&1`),
        ]
      : []),
  ];
}

/** In the background, its number kept for the end. */
function behind(command: string): string {
  return `${command} & echo $! >> ${PROCESSES}`;
}

/** The load is no activity of the guest's, so it is looked at. */
function untilMoving(moving: () => boolean, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      clearInterval(timer);
      signal.removeEventListener('abort', abort);
      settle();
    };
    const abort = () => finish(() => reject(reasonOf(signal)));
    const timer = setInterval(() => moving() && finish(resolve), TICK_MS);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}

function moves(load: Load, { protocol, direction }: FlowName): boolean {
  return load.measure()[protocol][direction].bytes > 0;
}

function measured(load: Load): TrafficMeasure {
  const { tcp, udp } = load.measure();
  return { tcp: bothWays(tcp), udp: bothWays(udp) };
}

function bothWays(flows: Record<Direction, Flow>): Record<Direction, MeasuredFlow> {
  return { 'from guest': fast(flows['from guest']), 'to guest': fast(flows['to guest']) };
}

function fast(flow: Flow): MeasuredFlow {
  const { bytes, lastedMs } = flow;
  return { ...flow, bytesPerSecond: lastedMs > 0 ? Math.round((bytes * 1000) / lastedMs) : 0 };
}

function undoable(message: string): CrashlabError {
  return new CrashlabError('usage', 'TRAFFIC_UNDOABLE', message);
}

function silent(flows: FlowName[]): CrashlabError {
  const names = flows.map(({ protocol, direction }) => `${protocol} ${direction}`).join(', ');
  return new CrashlabError(
    'guest',
    'TRAFFIC_SILENT',
    `The load did not start within ${START_MS / 1000} s: nothing moves in ${names || 'the guest'}.`,
    { advice: 'Look at the guest’s console in serial.log; it needs busybox with nc, logger and syslogd.' },
  );
}
