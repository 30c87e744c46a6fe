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
  /**
   * From its first frame to its last, milliseconds: of TCP, both ways, to the guest’s last one, since what is sent to a
   * dead guest moves nothing. Datagrams for the guest go on as long as somebody asks for them.
   */
  lastedMs: number;
}

export interface LoadMeasure {
  tcp: Record<Direction, Flow>;
  udp: Record<Direction, Flow>;
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
  readonly #tcpTime = new Lasting();
  readonly #udp = { 'from guest': new Datagrams(), 'to guest': new Datagrams() };
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
    if (packet.protocol === TCP) {
      this.#tcpTime.at(nowMs);
      this.#tcpPackets['from guest'] += 1;
      this.#tcp.take(frame, packet, nowMs);
      return;
    }
    const datagram = decodeUdp(bytes);
    if (datagram.kind === 'udp' && datagram.checksum !== 'bad') {
      this.#udp['from guest'].count(datagram.payload.length, nowMs);
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
    const { ms: lastedMs } = this.#tcpTime;
    const packets = this.#tcpPackets;
    return {
      tcp: {
        'from guest': { packets: packets['from guest'], bytes: received, lastedMs },
        'to guest': { packets: packets['to guest'], bytes: acknowledged, lastedMs },
      },
      udp: { 'from guest': this.#udp['from guest'].flow(), 'to guest': this.#udp['to guest'].flow() },
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
    this.#udp['to guest'].count(bytes, this.#streamedMs);
    return frame;
  }
}

/** From one moment to the last. */
class Lasting {
  #firstMs: number | null = null;
  ms = 0;

  at(nowMs: number): void {
    this.#firstMs ??= nowMs;
    this.ms = nowMs - this.#firstMs;
  }
}

class Datagrams {
  readonly #time = new Lasting();
  #packets = 0;
  #bytes = 0;

  count(bytes: number, nowMs: number): void {
    this.#time.at(nowMs);
    this.#packets += 1;
    this.#bytes += bytes;
  }

  flow(): Flow {
    return { packets: this.#packets, bytes: this.#bytes, lastedMs: this.#time.ms };
  }
}

/** Always the same one, to a port where nobody listens: the guest's kernel takes it in and throws it away. */
function datagramFor({ guest, host }: Ends, bytes: number): Uint8Array {
  return encodeUdp({
    source: { mac: host.mac, address: host.ipv4, port: LOAD_PORT.discard },
    destination: { mac: guest.mac, address: guest.ipv4, port: LOAD_PORT.discard },
    payload: new Uint8Array(bytes),
  });
}
