import { isUnicast, sameAddress } from './address.ts';
import { checksumHolds, pseudoHeaderSum, withChecksum } from './checksum.ts';
import { PROTOCOL, TIME_TO_LIVE, type InternetPacket } from './ipv4.ts';
import { answerSolicitation, NEVER_FORWARDED } from './neighbour.ts';
import { join } from './network-order.ts';

const ECHO_REQUEST = 128;
const ECHO_REPLY = 129;
const ECHO_HEADER_BYTES = 8;
const NEIGHBOUR_SOLICITATION = 135;

/** The packet that answers an echo request (RFC 4443) or a neighbour solicitation for `ipv6`, or null. */
export function answerIcmpv6(
  request: InternetPacket,
  host: { mac: Uint8Array; ipv6: Uint8Array },
): Omit<InternetPacket, 'kind'> | null {
  const { source, destination, payload } = request;
  if (payload.length < 4 || payload[1] !== 0) return null;
  if (!checksumHolds(payload, pseudoHeaderSum(source, destination, PROTOCOL.icmpv6, payload.length))) {
    return null;
  }
  if (payload[0] === NEIGHBOUR_SOLICITATION) {
    const reply = answerSolicitation(request, host);
    return reply && packetOf(host.ipv6, reply.destination, NEVER_FORWARDED, reply.message);
  }
  if (payload[0] !== ECHO_REQUEST || payload.length < ECHO_HEADER_BYTES) return null;
  if (!sameAddress(destination, host.ipv6) || !isUnicast(source)) return null;
  const message = join(Uint8Array.of(ECHO_REPLY, 0, 0, 0), payload.subarray(4));
  return packetOf(host.ipv6, source, TIME_TO_LIVE, message);
}

function packetOf(
  source: Uint8Array,
  destination: Uint8Array,
  hopLimit: number,
  message: Uint8Array,
): Omit<InternetPacket, 'kind'> {
  const sum = pseudoHeaderSum(source, destination, PROTOCOL.icmpv6, message.length);
  return { source, destination, protocol: PROTOCOL.icmpv6, hopLimit, payload: withChecksum(message, 2, sum) };
}
