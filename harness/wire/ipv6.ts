import { malformed, other, type Malformed, type Other } from './ethernet.ts';
import { type InternetPacket } from './ipv4.ts';
import { join, uint16, uint16At } from './network-order.ts';

const HEADER_BYTES = 40;
const HOP_BY_HOP = 0;
const DESTINATION_OPTIONS = 60;
/** Extension headers after which the addresses or the payload no longer are what they seem. */
const NOT_FOLLOWED = new Map([
  [43, 'IPv6 with a routing header'],
  [44, 'IPv6 fragment'],
  [50, 'IPv6 with an encrypted payload'],
  [51, 'IPv6 with an authentication header'],
  [59, 'IPv6 without a payload'],
]);

/** RFC 8200. Hop-by-hop and destination options are stepped over. */
export function parseIpv6(bytes: Uint8Array): InternetPacket | Malformed | Other {
  if (bytes.length < HEADER_BYTES) return malformed(`an IPv6 header is cut after ${bytes.length} bytes`);
  const version = (bytes[0] ?? 0) >> 4;
  if (version !== 6) return malformed(`an IPv6 packet says it is version ${version}`);
  const end = HEADER_BYTES + uint16At(bytes, 4);
  if (end > bytes.length) return malformed(`an IPv6 packet of ${end} bytes in ${bytes.length} bytes`);

  let start = HEADER_BYTES;
  let protocol = bytes[6] ?? 0;
  while (protocol === HOP_BY_HOP || protocol === DESTINATION_OPTIONS) {
    if (protocol === HOP_BY_HOP && start !== HEADER_BYTES) {
      return malformed('IPv6 hop-by-hop options are not the first extension header');
    }
    const next = start + 8 * ((bytes[start + 1] ?? 0) + 1);
    if (next > end) return malformed('an IPv6 extension header is longer than its packet');
    protocol = bytes[start] ?? 0;
    start = next;
  }
  const notFollowed = NOT_FOLLOWED.get(protocol);
  if (notFollowed !== undefined) return other(notFollowed);
  return {
    kind: 'packet',
    source: bytes.subarray(8, 24),
    destination: bytes.subarray(24, 40),
    protocol,
    hopLimit: bytes[7] ?? 0,
    payload: bytes.subarray(start, end),
  };
}

/** Throws a `RangeError` when the payload does not fit. */
export function encodeIpv6(packet: Omit<InternetPacket, 'kind'>): Uint8Array {
  return join(
    Uint8Array.of(0x60, 0, 0, 0),
    uint16(packet.payload.length),
    Uint8Array.of(packet.protocol, packet.hopLimit),
    packet.source,
    packet.destination,
    packet.payload,
  );
}
