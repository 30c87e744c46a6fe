import { encodeEthernet, ETHER_TYPE, type Ethernet } from './ethernet.ts';
import { encodeIpv4, TIME_TO_LIVE, type InternetPacket } from './ipv4.ts';
import { encodeTcp, parseTcp, TCP, type TcpSegment } from './tcp.ts';
import { type OutgoingSegment, TcpConnection, type TcpService } from './tcp-connection.ts';

/** More than any guest needs, and no danger to the host. */
const MOST_CONNECTIONS = 64;

interface Known {
  key: string;
  connection: TcpConnection;
  /** A frame and its packet from the guest, to be answered with addresses and ports turned round. */
  frame: Ethernet;
  packet: InternetPacket;
  ports: { ours: number; theirs: number };
}

/**
 * The TCP of the host: accepts connections on the ports that have a service and refuses all others. A state machine
 * as {@link TcpConnection} is; every frame that comes may be answered by several, and an acknowledgement stands for
 * all that came since the last call of {@link next}.
 */
export class TcpPeer {
  #services: ReadonlyMap<number, TcpService>;
  #known: Known[] = [];
  #refusals: Uint8Array[] = [];
  #turn = 0;
  /** Bytes of connections that are over. */
  readonly #over = { received: 0, acknowledged: 0 };

  constructor(services: ReadonlyMap<number, TcpService>) {
    this.#services = services;
  }

  /** Payload bytes that came in order, and those that the guest has acknowledged, of all connections. */
  get bytes(): { received: number; acknowledged: number } {
    const sum = { ...this.#over };
    for (const { connection } of this.#known) add(sum, connection);
    return sum;
  }

  /** A TCP packet for the host. */
  take(frame: Ethernet, packet: InternetPacket, nowMs: number): void {
    const segment = parseTcp(packet);
    if (segment.kind !== 'tcp') return;
    const ports = { ours: segment.destinationPort, theirs: segment.sourcePort };
    const key = `${packet.source.join('.')} ${ports.theirs} ${ports.ours}`;
    const { flags } = segment;
    const opening = flags.syn === true && flags.ack !== true && flags.rst !== true;
    const known = this.#known.find((one) => one.key === key);
    if (known && !(opening && !known.connection.isOpenedBy(segment))) {
      known.connection.take(segment, nowMs);
      return;
    }
    const service = this.#services.get(ports.ours);
    if (opening && service && this.#known.length < MOST_CONNECTIONS) {
      if (known) this.#forget(known);
      const first = Math.imul(segment.sequence, 0x9e37_79b1) >>> 0;
      const connection = new TcpConnection(segment, service, first, nowMs);
      this.#known.push({ key, connection, frame, packet, ports });
    } else if (!flags.rst) this.#refuse(frame, packet, segment);
  }

  /** The next frame for the guest, or null; connections take turns. */
  next(nowMs: number): Uint8Array | null {
    const refusal = this.#refusals.shift();
    if (refusal) return refusal;
    const { length } = this.#known;
    for (let step = 0; step < length; step++) {
      const at = (this.#turn + step) % length;
      const known = this.#known[at];
      const segment = known?.connection.next(nowMs);
      if (!known || !segment) continue;
      this.#turn = at + 1;
      return replyTo(known.frame, known.packet, known.ports, segment);
    }
    for (const known of this.#known.filter(({ connection }) => connection.closed)) this.#forget(known);
    return null;
  }

  /** Resets every connection and accepts none any more. */
  stop(): void {
    this.#services = new Map();
    for (const { connection } of this.#known) connection.reset();
  }

  #forget(known: Known): void {
    add(this.#over, known.connection);
    this.#known = this.#known.filter((one) => one !== known);
  }

  /** RFC 9293, section 3.10.7.1. */
  #refuse(frame: Ethernet, packet: InternetPacket, segment: TcpSegment): void {
    if (this.#refusals.length === MOST_CONNECTIONS) return;
    const { flags, payload } = segment;
    const length = payload.length + (flags.syn ? 1 : 0) + (flags.fin ? 1 : 0);
    const empty = { window: 0, options: {}, payload: new Uint8Array() };
    const reset: OutgoingSegment = flags.ack
      ? { sequence: segment.acknowledgement, acknowledgement: 0, flags: { rst: true }, ...empty }
      : {
          sequence: 0,
          acknowledgement: (segment.sequence + length) >>> 0,
          flags: { rst: true, ack: true },
          ...empty,
        };
    const ports = { ours: segment.destinationPort, theirs: segment.sourcePort };
    this.#refusals.push(replyTo(frame, packet, ports, reset));
  }
}

function replyTo(
  frame: Ethernet,
  packet: InternetPacket,
  ports: Known['ports'],
  segment: OutgoingSegment,
): Uint8Array {
  const whole = { ...segment, sourcePort: ports.ours, destinationPort: ports.theirs };
  const { source: guest, destination: host } = packet;
  return encodeEthernet({
    destination: frame.source,
    source: frame.destination,
    tags: frame.tags,
    etherType: ETHER_TYPE.ipv4,
    payload: encodeIpv4({
      source: host,
      destination: guest,
      protocol: TCP,
      hopLimit: TIME_TO_LIVE,
      payload: encodeTcp(whole, host, guest),
    }),
  });
}

function add(
  sum: { received: number; acknowledged: number },
  { received, acknowledged }: { received: number; acknowledged: number },
): void {
  sum.received += received;
  sum.acknowledged += acknowledged;
}
