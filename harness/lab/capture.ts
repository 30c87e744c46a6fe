import { parseDatagram } from '../netconsole/datagram.ts';
import type { FaultDone, FaultRule } from '../wire/faults.ts';
import { type CapturedPacket, renderPcapng } from '../wire/pcapng.ts';
import type { Segment, WireChange } from '../wire/segment.ts';
import type { TimedFrame } from '../wire/timed-frame.ts';
import { decodeUdp } from '../wire/udp.ts';

/** What a capture has to know of the segment. */
export type Captured = Pick<Segment, 'faulty' | 'delivered' | 'changes' | 'faultsDone' | 'unkept'>;

const GUEST = { name: 'guest', description: 'the guest’s NIC, as QEMU passes its frames on' };
const WITNESS = { name: 'witness', description: 'behind the faults of the wire: what the witness was given' };

/**
 * The wire as a pcapng file. Of a wire with faults both ends are there, each frame with what befell it; of a load
 * there is only a note.
 */
export function renderCapture(frames: readonly TimedFrame[], segment: Captured): Uint8Array {
  const { unkept, faultsDone } = segment;
  const comments: string[] = [];
  if (unkept.frames > 0) {
    comments.push(
      `${unkept.frames} frames of the load (${unkept.bytes} bytes) were counted, not kept: they are not in this file`,
    );
  }
  if (!segment.faulty) {
    return renderPcapng({
      application: 'crashlab',
      comments,
      interfaces: [GUEST],
      packets: frames.map((frame) => packetOf(frame, 0)),
    });
  }
  comments.push(`the wire was made to misbehave: ${faultsDone.count} faults were done`);
  const befell = new Map<Uint8Array, string[]>();
  for (const one of faultsDone.done) {
    befell.set(one.original, [...(befell.get(one.original) ?? []), inWords(one)]);
  }
  const packets = [
    ...frames.map((frame) => ({ timeNs: frame.timeNs, packet: packetOf(frame, 0, befell.get(frame.bytes)) })),
    ...segment.delivered.map((frame) => ({ timeNs: frame.timeNs, packet: packetOf(frame, 1) })),
  ].sort((one, other) => Number(one.timeNs - other.timeNs));
  return renderPcapng({
    application: 'crashlab',
    comments,
    interfaces: [GUEST, WITNESS],
    packets: packets.map(({ packet }) => packet),
  });
}

/**
 * What was done to the wire, a JSON object a line, in order of time: each change of it (a plan of faults with its seed
 * and rules, `stall`, `link`, `nic`), and what befell which frame, and of which record that was.
 */
export function renderFaults({ changes, faultsDone }: Captured): string {
  const lines = [
    ...changes.map((one) => ({ timeNs: one.timeNs, line: lineOfChange(one) })),
    ...faultsDone.done.map((one) => {
      const { timeNs, direction, frame, fault, detail, original } = one;
      return { timeNs, line: { direction, frame, fault, detail, record: recordIn(original) } };
    }),
  ].sort((one, other) => Number(one.timeNs - other.timeNs));
  const more = faultsDone.count - faultsDone.done.length;
  return [
    ...lines.map(({ timeNs, line }) => ({
      time: new Date(Number(timeNs / 1_000_000n)).toISOString(),
      ...line,
    })),
    ...(more > 0 ? [{ more }] : []),
  ]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');
}

function lineOfChange(one: WireChange): object {
  if (one.change !== 'faults') return { change: one.change, state: one.state };
  const { change, plan } = one;
  return plan ? { change, seed: plan.seed, rules: plan.rules.map(ruleInJson) } : { change, rules: [] };
}

/** Which frames a function chooses nobody can write down, only that one does. */
function ruleInJson({ among, direction = 'from guest', ...rule }: FaultRule): object {
  return { ...rule, direction, ...(among ? { among: 'chosen frames' } : {}) };
}

/**
 * For a fault's `among`: the datagrams of these records, by sequence number, in netconsole's extended format; of a
 * fragmented record all its datagrams.
 */
export function ofRecords(...sequences: readonly number[]): (frame: Uint8Array) => boolean {
  return (frame) => {
    const sequence = recordIn(frame);
    return sequence !== null && sequences.includes(sequence);
  };
}

const NETCONSOLE_PORT = 6666;

function recordIn(frame: Uint8Array): number | null {
  const datagram = decodeUdp(frame);
  if (datagram.kind !== 'udp' || datagram.destination.port !== NETCONSOLE_PORT) return null;
  const message = parseDatagram(datagram.payload);
  return message.kind === 'extended' ? message.sequence : null;
}

function inWords({ fault, detail, original }: FaultDone): string {
  const sequence = recordIn(original);
  return `fault: ${fault.kind}${detail && ` (${detail})`}${sequence === null ? '' : `, record ${sequence}`}`;
}

function packetOf(
  { timeNs, direction, bytes }: TimedFrame,
  at: number,
  comments: readonly string[] = [],
): CapturedPacket {
  return {
    interface: at,
    timestampNs: timeNs,
    direction: direction === 'from guest' ? 'inbound' : 'outbound',
    bytes,
    comments,
  };
}
