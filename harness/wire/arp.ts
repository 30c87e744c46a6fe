import { sameAddress } from './address.ts';
import { join, uint16 } from './network-order.ts';

/** Ethernet (1), IPv4 (0x0800), addresses of 6 and 4 bytes. */
const ETHERNET_IPV4 = Uint8Array.of(0, 1, 0x08, 0, 6, 4);
const REQUEST = 1;
const REPLY = 2;
const PACKET_BYTES = 28;

/** The reply (RFC 826) to a request for `ipv4`, also to the probe of a sender that has no address yet; else null. */
export function answerArp(
  request: Uint8Array,
  host: { mac: Uint8Array; ipv4: Uint8Array },
): Uint8Array | null {
  if (request.length < PACKET_BYTES) return null;
  const wanted = join(ETHERNET_IPV4, uint16(REQUEST));
  if (!sameAddress(request.subarray(0, 8), wanted)) return null;
  if (!sameAddress(request.subarray(24, 28), host.ipv4)) return null;
  const sender = request.subarray(8, 18);
  return join(ETHERNET_IPV4, uint16(REPLY), host.mac, host.ipv4, sender);
}
