import { sameAddress } from './address.ts';
import { parseEthernet } from './ethernet.ts';
import { parseIpv4, PROTOCOL } from './ipv4.ts';
import { uint16At } from './network-order.ts';
import { TCP } from './tcp.ts';
import { TcpPeer } from './tcp-peer.ts';
import type { Direction } from './timed-frame.ts';
import { decodeUdp, encodeUdp } from './udp.ts';

/** The host's ports: what comes is thrown away (RFC 863); what is opened is filled (RFC 864). */
export const LOAD_PORT = { discard: 9, stream: 19 } as const;

/** Datagrams for the guest, as many a second while it takes them, each with so many bytes of payload. */
export interface DatagramStream {
  perSecond: number;
  bytes: number;
}

/** Both ends as text; IPv4. */
interface Ends {
  guest: { mac: string; ipv4: string };
  host: { mac: string; ipv4: string };
}

/** What a load moved in one direction. */
export interface Flow {
  /** Frames of it, with those that carry nothing. */
  packets: number;
  /**
   * Payload bytes. Of TCP those that arrived in order and, to the guest, that it acknowledged; of UDP all that came
   * or were sent: what the guest took of them only the guest knows.
   */
  bytes: number;
}

export interface LoadMeasure {
  tcp: Record<Direction, Flow>;
  udp: Record<Direction, Flow>;
  /** From the first frame from the guest to the last, milliseconds. */
  lastedMs: number;
}

/** A pause is made up for by no more than this: a load is no flood. */
const MOST_BEHIND_MS = 100;
const ETHERNET_BYTES = 14;
const IPV4 = 0x0800;

/**
 * The host's part of a load between guest and wire. A state machine: `claims` says in constant time whether a frame
 * is its own, `take` what came, then `next` until it says null; times are milliseconds on any clock.
 */
export class Load {
  readonly #tcp: TcpPeer;
  readonly #ends: { mac: Uint8Array; ipv4: Uint8Array };
  readonly #stream: (DatagramStream & { frame: Uint8Array }) | null;
  readonly #tcpPackets = { 'from guest': 0, 'to guest': 0 };
  readonly #udp = { 'from guest': { packets: 0, bytes: 0 }, 'to guest': { packets: 0, bytes: 0 } };
  #firstMs: number | null = null;
  #lastMs = 0;
  /** Up to when datagrams for the guest are accounted for. */
  #streamedMs: number | null = null;
  #stopped = false;

  constructor(ends: Ends, host: { mac: Uint8Array; ipv4: Uint8Array }, datagrams: DatagramStream | null) {
    this.#ends = host;
    this.#tcp = new TcpPeer(
      new Map([
        [LOAD_PORT.discard, 'discard'],
        [LOAD_PORT.stream, 'stream'],
      ]),
    );
    this.#stream = datagrams && { ...datagrams, frame: datagramFor(ends, datagrams.bytes) };
  }

  /** TCP and UDP over IPv4 with one of the load's ports on the host's side. */
  claims(frame: Uint8Array, direction: Direction): boolean {
    if (uint16At(frame, ETHERNET_BYTES - 2) !== IPV4) return false;
    const protocol = frame[ETHERNET_BYTES + 9];
    if (protocol !== TCP && protocol !== PROTOCOL.udp) return false;
    const ports = ETHERNET_BYTES + ((frame[ETHERNET_BYTES] ?? 0) & 0x0f) * 4;
    const port = uint16At(frame, direction === 'from guest' ? ports + 2 : ports);
    return port === LOAD_PORT.discard || (protocol === TCP && port === LOAD_PORT.stream);
  }

  /** A frame from the guest; one that is not for the host, or not in order, is passed over. */
  take(bytes: Uint8Array, nowMs: number): void {
    const frame = parseEthernet(bytes);
    if (frame.kind !== 'ethernet' || !sameAddress(frame.destination, this.#ends.mac)) return;
    const packet = parseIpv4(frame.payload);
    if (packet.kind !== 'packet' || !sameAddress(packet.destination, this.#ends.ipv4)) return;
    this.#firstMs ??= nowMs;
    this.#lastMs = nowMs;
    if (packet.protocol === TCP) {
      this.#tcpPackets['from guest'] += 1;
      this.#tcp.take(frame, packet, nowMs);
      return;
    }
    const datagram = decodeUdp(bytes);
    if (datagram.kind === 'udp' && datagram.checksum !== 'bad') {
      count(this.#udp['from guest'], datagram.payload.length);
    }
  }

  /** The next frame for the guest, or null: then there is nothing to say now. */
  next(nowMs: number): Uint8Array | null {
    const segment = this.#tcp.next(nowMs);
    if (segment) {
      this.#tcpPackets['to guest'] += 1;
      return segment;
    }
    return this.#datagram(nowMs);
  }

  /** Resets the connections and sends no more; what still comes is counted. */
  stop(): void {
    this.#stopped = true;
    this.#tcp.stop();
  }

  measure(): LoadMeasure {
    const { received, acknowledged } = this.#tcp.bytes;
    return {
      tcp: {
        'from guest': { packets: this.#tcpPackets['from guest'], bytes: received },
        'to guest': { packets: this.#tcpPackets['to guest'], bytes: acknowledged },
      },
      udp: { 'from guest': { ...this.#udp['from guest'] }, 'to guest': { ...this.#udp['to guest'] } },
      lastedMs: this.#firstMs === null ? 0 : this.#lastMs - this.#firstMs,
    };
  }

  #datagram(nowMs: number): Uint8Array | null {
    if (!this.#stream || this.#stopped) return null;
    const { perSecond, frame, bytes } = this.#stream;
    const sinceMs = Math.max(this.#streamedMs ?? nowMs, nowMs - MOST_BEHIND_MS);
    this.#streamedMs = sinceMs;
    const eachMs = 1000 / perSecond;
    if (nowMs - sinceMs < eachMs) return null;
    this.#streamedMs += eachMs;
    count(this.#udp['to guest'], bytes);
    return frame;
  }
}

function count(flow: Flow, bytes: number): void {
  flow.packets += 1;
  flow.bytes += bytes;
}

/** Always the same one, to a port where nobody listens: the guest's kernel takes it in and throws it away. */
function datagramFor({ guest, host }: Ends, bytes: number): Uint8Array {
  return encodeUdp({
    source: { mac: host.mac, address: host.ipv4, port: LOAD_PORT.discard },
    destination: { mac: guest.mac, address: guest.ipv4, port: LOAD_PORT.discard },
    payload: new Uint8Array(bytes),
  });
}
