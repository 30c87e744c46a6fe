import { addressBytes, macBytes, renderAddress, renderMac } from './address.ts';
import { checksumHolds, internetChecksum, pseudoHeaderSum } from './checksum.ts';
import {
  encodeEthernet,
  ETHER_TYPE,
  malformed,
  other,
  parseEthernet,
  type Malformed,
  type Other,
} from './ethernet.ts';
import { encodeIpv4, parseIpv4, PROTOCOL, TIME_TO_LIVE, type InternetPacket } from './ipv4.ts';
import { encodeIpv6, parseIpv6 } from './ipv6.ts';
import { join, uint16, uint16At } from './network-order.ts';

/** One end of a datagram; addresses in their standard text form. */
export interface UdpEnd {
  mac: string;
  address: string;
  port: number;
}

export interface UdpDatagram {
  kind: 'udp';
  source: UdpEnd;
  destination: UdpEnd;
  /** A view into the frame. */
  payload: Uint8Array;
  /** `absent`: the sender gave none, which only IPv4 allows. */
  checksum: 'good' | 'bad' | 'absent';
  /** It is bad since the card was to fill it in: as yet it is that of the addresses alone. */
  unfinished?: true;
}

const HEADER_BYTES = 8;
const NAMES = new Map<number, string>([
  [PROTOCOL.icmp, 'ICMP'],
  [2, 'IGMP'],
  [6, 'TCP'],
  [PROTOCOL.icmpv6, 'ICMPv6'],
]);

/** The UDP datagram (RFC 768) in an Ethernet frame of a guest, which may hold anything. */
export function decodeUdp(frame: Uint8Array): UdpDatagram | Malformed | Other {
  const ethernet = parseEthernet(frame);
  if (ethernet.kind !== 'ethernet') return ethernet;
  const packet = parsePacket(ethernet.etherType, ethernet.payload);
  if (packet.kind !== 'packet') return packet;
  if (packet.protocol !== PROTOCOL.udp) {
    return other(NAMES.get(packet.protocol) ?? `IP protocol ${packet.protocol}`);
  }
  const { payload: segment } = packet;
  // Shorter would be lawful, but no kernel sends it, and a witness must not pass over bytes in silence.
  if (segment.length < HEADER_BYTES || uint16At(segment, 4) !== segment.length) {
    return malformed(`a UDP datagram says ${uint16At(segment, 4)} bytes, its packet holds ${segment.length}`);
  }
  return {
    kind: 'udp',
    source: end(ethernet.source, packet.source, uint16At(segment, 0)),
    destination: end(ethernet.destination, packet.destination, uint16At(segment, 2)),
    payload: segment.subarray(HEADER_BYTES),
    ...judgeChecksum(packet),
  };
}

/** Addresses and ports of what may be a UDP datagram, however broken it is otherwise; null where it says it is none. */
export function peekUdp(frame: Uint8Array): { source: UdpEnd; destination: UdpEnd } | null {
  const ethernet = parseEthernet(frame);
  if (ethernet.kind !== 'ethernet') return null;
  const { etherType, payload } = ethernet;
  const isIpv4 = etherType === ETHER_TYPE.ipv4;
  if (!isIpv4 && etherType !== ETHER_TYPE.ipv6) return null;
  const at = isIpv4 ? { protocol: 9, from: 12, to: 16, end: 20 } : { protocol: 6, from: 8, to: 24, end: 40 };
  const ports = isIpv4 ? ((payload[0] ?? 0) & 0x0f) * 4 : at.end;
  if (payload[at.protocol] !== PROTOCOL.udp || payload.length < ports + 4) return null;
  return {
    source: end(ethernet.source, payload.subarray(at.from, at.to), uint16At(payload, ports)),
    destination: end(ethernet.destination, payload.subarray(at.to, at.end), uint16At(payload, ports + 2)),
  };
}

/**
 * The Ethernet frame of one datagram, IPv4 or IPv6 as its addresses are, with all checksums. Throws a
 * `RangeError` for addresses of two families or of none, and for a port or payload that does not fit.
 */
export function encodeUdp(datagram: {
  source: UdpEnd;
  destination: UdpEnd;
  payload: Uint8Array;
}): Uint8Array {
  const source = addressBytes(datagram.source.address);
  const destination = addressBytes(datagram.destination.address);
  if (source.length !== destination.length) {
    throw new RangeError(`${datagram.source.address} cannot send to ${datagram.destination.address}`);
  }
  const length = HEADER_BYTES + datagram.payload.length;
  const segment = join(
    uint16(datagram.source.port),
    uint16(datagram.destination.port),
    uint16(length),
    uint16(0),
    datagram.payload,
  );
  const sum = pseudoHeaderSum(source, destination, PROTOCOL.udp, length);
  // 0 would say "no checksum"; all ones is the same number in ones' complement.
  segment.set(uint16(internetChecksum(segment, sum) || 0xffff), 6);
  const packet = { source, destination, protocol: PROTOCOL.udp, hopLimit: TIME_TO_LIVE, payload: segment };
  const ipv4 = source.length === 4;
  return encodeEthernet({
    source: macBytes(datagram.source.mac),
    destination: macBytes(datagram.destination.mac),
    etherType: ipv4 ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6,
    payload: ipv4 ? encodeIpv4(packet) : encodeIpv6(packet),
  });
}

function parsePacket(etherType: number, bytes: Uint8Array): InternetPacket | Malformed | Other {
  if (etherType === ETHER_TYPE.ipv4) return parseIpv4(bytes);
  if (etherType === ETHER_TYPE.ipv6) return parseIpv6(bytes);
  if (etherType === ETHER_TYPE.arp) return other('ARP');
  return other(`EtherType 0x${etherType.toString(16).padStart(4, '0')}`);
}

function judgeChecksum({
  source,
  destination,
  payload,
}: InternetPacket): Pick<UdpDatagram, 'checksum' | 'unfinished'> {
  const field = uint16At(payload, 6);
  if (field === 0) return { checksum: source.length === 4 ? 'absent' : 'bad' };
  const sum = pseudoHeaderSum(source, destination, PROTOCOL.udp, payload.length);
  if (checksumHolds(payload, sum)) return { checksum: 'good' };
  // What Linux leaves in the field for a card that does the rest (CHECKSUM_PARTIAL).
  const ofAddresses = ~internetChecksum(new Uint8Array(), sum) & 0xffff;
  return { checksum: 'bad', ...(field === ofAddresses && { unfinished: true }) };
}

function end(mac: Uint8Array, address: Uint8Array, port: number): UdpEnd {
  return { mac: renderMac(mac), address: renderAddress(address), port };
}
