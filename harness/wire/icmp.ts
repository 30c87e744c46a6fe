import { isUnicast, sameAddress } from './address.ts';
import { checksumHolds, withChecksum } from './checksum.ts';
import { PROTOCOL, TIME_TO_LIVE, type InternetPacket } from './ipv4.ts';
import { join } from './network-order.ts';

const ECHO_REQUEST = 8;
const ECHO_REPLY = 0;
const HEADER_BYTES = 8;

/** The packet that answers an echo request (RFC 792) to `ipv4`, or null. */
export function answerIcmp(
  { source, destination, payload }: InternetPacket,
  host: { ipv4: Uint8Array },
): Omit<InternetPacket, 'kind'> | null {
  if (payload.length < HEADER_BYTES || payload[0] !== ECHO_REQUEST || payload[1] !== 0) return null;
  if (!sameAddress(destination, host.ipv4) || !isUnicast(source) || !checksumHolds(payload)) return null;
  const message = join(Uint8Array.of(ECHO_REPLY, 0, 0, 0), payload.subarray(4));
  return {
    source: host.ipv4,
    destination: source,
    protocol: PROTOCOL.icmp,
    hopLimit: TIME_TO_LIVE,
    payload: withChecksum(message, 2),
  };
}
