import { checksumHolds, withChecksum } from './checksum.ts';
import { malformed, other, type Malformed, type Other } from './ethernet.ts';
import { join, uint16, uint16At } from './network-order.ts';

/** The IP protocol numbers (IPv6: next header) of the segment. */
export const PROTOCOL = { icmp: 1, udp: 17, icmpv6: 58 } as const;

/** What IPv4 and IPv6 have in common for those who read what they carry. All bytes are views into the frame. */
export interface InternetPacket {
  kind: 'packet';
  source: Uint8Array;
  destination: Uint8Array;
  protocol: number;
  /** IPv4's time to live, IPv6's hop limit. */
  hopLimit: number;
  /** Up to the packet's own end: Ethernet padding is gone. */
  payload: Uint8Array;
}

const HEADER_BYTES = 20;
/** More fragments, or a fragment offset. */
const FRAGMENT = 0x3fff;
const DO_NOT_FRAGMENT = 0x4000;

/** What Linux gives its own packets. */
export const TIME_TO_LIVE = 64;

/** RFC 791. A fragment is `other`: netconsole never sends one, and nothing here joins them. */
export function parseIpv4(bytes: Uint8Array): InternetPacket | Malformed | Other {
  if (bytes.length < HEADER_BYTES) return malformed(`an IPv4 header is cut after ${bytes.length} bytes`);
  const first = bytes[0] ?? 0;
  if (first >> 4 !== 4) return malformed(`an IPv4 packet says it is version ${first >> 4}`);
  const headerBytes = (first & 0x0f) * 4;
  const totalBytes = uint16At(bytes, 2);
  if (headerBytes < HEADER_BYTES || headerBytes > totalBytes || totalBytes > bytes.length) {
    return malformed(
      `an IPv4 packet of ${totalBytes} bytes, ${headerBytes} of them its header, in ${bytes.length} bytes`,
    );
  }
  if (!checksumHolds(bytes.subarray(0, headerBytes))) return malformed('the IPv4 header checksum is wrong');
  if ((uint16At(bytes, 6) & FRAGMENT) !== 0) return other('IPv4 fragment');
  return {
    kind: 'packet',
    source: bytes.subarray(12, 16),
    destination: bytes.subarray(16, 20),
    protocol: bytes[9] ?? 0,
    hopLimit: bytes[8] ?? 0,
    payload: bytes.subarray(headerBytes, totalBytes),
  };
}

/** Throws a `RangeError` when the payload does not fit. */
export function encodeIpv4(packet: Omit<InternetPacket, 'kind'>): Uint8Array {
  const header = join(
    Uint8Array.of(0x45, 0),
    uint16(HEADER_BYTES + packet.payload.length),
    uint16(0),
    uint16(DO_NOT_FRAGMENT),
    Uint8Array.of(packet.hopLimit, packet.protocol),
    uint16(0),
    packet.source,
    packet.destination,
  );
  return join(withChecksum(header, 10), packet.payload);
}
