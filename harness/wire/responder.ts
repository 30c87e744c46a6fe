import { ipv4Bytes, ipv6Bytes, macBytes, sameAddress } from './address.ts';
import { answerArp } from './arp.ts';
import { encodeEthernet, ETHER_TYPE, isGroupMac, parseEthernet, type Ethernet } from './ethernet.ts';
import { answerIcmp } from './icmp.ts';
import { answerIcmpv6 } from './icmpv6.ts';
import { encodeIpv4, parseIpv4, PROTOCOL } from './ipv4.ts';
import { encodeIpv6, parseIpv6 } from './ipv6.ts';

/** The host as the guest sees it: 6, 4 and 16 bytes. */
export interface Host {
  mac: Uint8Array;
  ipv4: Uint8Array;
  ipv6: Uint8Array;
}

/** Throws a `RangeError` for what is not an address of its kind. */
export function hostAt(text: { mac: string; ipv4: string; ipv6: string }): Host {
  return { mac: macBytes(text.mac), ipv4: ipv4Bytes(text.ipv4), ipv6: ipv6Bytes(text.ipv6) };
}

/**
 * The frame with which `host` answers an ARP request, a neighbour solicitation or a ping; null for everything
 * else. It goes back to the station that asked, in the VLAN it asked in.
 */
export function answer(frame: Uint8Array, host: Host): Uint8Array | null {
  const request = parseEthernet(frame);
  if (request.kind !== 'ethernet' || isGroupMac(request.source)) return null;
  if (!isGroupMac(request.destination) && !sameAddress(request.destination, host.mac)) return null;
  const reply = answerPayload(request, host);
  if (reply === null) return null;
  return encodeEthernet({
    destination: reply.group ?? request.source,
    source: host.mac,
    tags: request.tags,
    etherType: request.etherType,
    payload: reply.payload,
  });
}

/** `group`: the Ethernet address, where the answer is for more than the one who asked. */
interface Reply {
  payload: Uint8Array;
  group?: Uint8Array;
}

function answerPayload(request: Ethernet, host: Host): Reply | null {
  switch (request.etherType) {
    case ETHER_TYPE.arp: {
      const payload = answerArp(request.payload, host);
      return payload && { payload };
    }
    case ETHER_TYPE.ipv4:
      return answerIpv4(request.payload, host);
    case ETHER_TYPE.ipv6:
      return answerIpv6(request.payload, host);
    default:
      return null;
  }
}

function answerIpv4(bytes: Uint8Array, host: Host): Reply | null {
  const request = parseIpv4(bytes);
  if (request.kind !== 'packet' || request.protocol !== PROTOCOL.icmp) return null;
  const reply = answerIcmp(request, host);
  return reply && { payload: encodeIpv4(reply) };
}

function answerIpv6(bytes: Uint8Array, host: Host): Reply | null {
  const request = parseIpv6(bytes);
  if (request.kind !== 'packet' || request.protocol !== PROTOCOL.icmpv6) return null;
  const reply = answerIcmpv6(request, host);
  if (reply === null) return null;
  const payload = encodeIpv6(reply);
  if (reply.destination[0] !== 0xff) return { payload };
  // RFC 2464, section 7: a multicast address maps to 33:33 and its last four bytes.
  return { payload, group: Uint8Array.of(0x33, 0x33, ...reply.destination.subarray(12)) };
}
