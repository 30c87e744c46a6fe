import { encodeEthernet, ETHER_TYPE, parseEthernet } from '../../harness/wire/ethernet.ts';
import { addressBytes, macBytes } from '../../harness/wire/address.ts';
import { encodeIpv4, parseIpv4 } from '../../harness/wire/ipv4.ts';
import { encodeTcp, parseTcp, TCP, type TcpFlags, type TcpSegment } from '../../harness/wire/tcp.ts';
import { GUEST, HOST } from './requests.ts';

/** A frame of the guest's TCP. */
export function tcpFrame(
  segment: Partial<TcpSegment> & { flags: TcpFlags; destinationPort: number },
): Uint8Array {
  const whole = {
    sourcePort: 40_000,
    sequence: 0,
    acknowledgement: 0,
    window: 0xffff,
    options: {},
    payload: new Uint8Array(),
    ...segment,
  };
  const [guest, host] = [addressBytes(GUEST.ipv4), addressBytes(HOST.ipv4)];
  return encodeEthernet({
    source: macBytes(GUEST.mac),
    destination: macBytes(HOST.mac),
    etherType: ETHER_TYPE.ipv4,
    payload: encodeIpv4({
      source: guest,
      destination: host,
      protocol: TCP,
      hopLimit: 64,
      payload: encodeTcp(whole, guest, host),
    }),
  });
}

/** The segment in a frame of the host's. */
export function tcpIn(frame: Uint8Array | null): TcpSegment {
  if (!frame) throw new Error('the host says nothing');
  const ethernet = parseEthernet(frame);
  if (ethernet.kind !== 'ethernet') throw new Error('no Ethernet frame');
  const packet = parseIpv4(ethernet.payload);
  if (packet.kind !== 'packet') throw new Error('no packet');
  const segment = parseTcp(packet);
  if (segment.kind !== 'tcp') throw new Error(segment.reason);
  return segment;
}

/** A guest with one connection: sends `toSend` bytes again and again until they are heard, and takes what comes. */
export class GuestTcp {
  private readonly ports: { destinationPort: number; sourcePort: number };
  private readonly first: number;
  /** Payload bytes that came in order. */
  taken = 0;
  opened = false;
  /** Bytes of ours that the host has acknowledged. */
  heard = 0;
  readonly toSend: number;
  private expected = 0;

  /** Its numbers soon begin anew after 2^32. */
  constructor(port: number, options: { toSend?: number; port?: number } = {}) {
    this.ports = { destinationPort: port, sourcePort: options.port ?? 40_000 };
    this.toSend = options.toSend ?? 0;
    this.first = 0xffff_ff00;
  }

  /** All it would say now: the SYN, or everything not acknowledged and an acknowledgement. */
  say(): Uint8Array[] {
    const base = { ...this.ports, window: 20_000 };
    if (!this.opened) {
      return [
        tcpFrame({ ...base, sequence: this.first, flags: { syn: true }, options: { maximumSegment: 1000 } }),
      ];
    }
    const frames: Uint8Array[] = [];
    const common = { ...base, acknowledgement: this.expected, flags: { ack: true } };
    for (let at = this.heard; at < Math.min(this.toSend, this.heard + 10_000); at += 1000) {
      const payload = new Uint8Array(Math.min(1000, this.toSend - at));
      frames.push(tcpFrame({ ...common, sequence: (this.first + 1 + at) >>> 0, payload }));
    }
    if (frames.length === 0)
      frames.push(tcpFrame({ ...common, sequence: (this.first + 1 + this.heard) >>> 0 }));
    return frames;
  }

  hear(frame: Uint8Array): void {
    const segment = tcpIn(frame);
    if (segment.flags.syn) {
      this.opened = true;
      this.expected = (segment.sequence + 1) >>> 0;
      return;
    }
    if (!this.opened) return;
    this.heard = Math.max(this.heard, (segment.acknowledgement - this.first - 1) >>> 0);
    if (segment.sequence !== this.expected) return;
    this.taken += segment.payload.length;
    this.expected = (this.expected + segment.payload.length) >>> 0;
  }
}
