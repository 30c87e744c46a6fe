import { addressBytes, macBytes } from '../../harness/wire/address.ts';
import { pseudoHeaderSum, withChecksum } from '../../harness/wire/checksum.ts';
import { encodeEthernet, ETHER_TYPE } from '../../harness/wire/ethernet.ts';
import { encodeIpv4 } from '../../harness/wire/ipv4.ts';
import { encodeIpv6 } from '../../harness/wire/ipv6.ts';
import { join } from '../../harness/wire/network-order.ts';

/** What a guest asks of its host; tshark judges in tshark.test.ts whether these are what they say. */
export const HOST = { mac: '02:00:00:00:00:01', ipv4: '10.0.2.2', ipv6: 'fd00::c0a8:2' };
export const GUEST = { mac: '52:54:00:12:34:56', ipv4: '10.0.2.15', ipv6: 'fd00::15' };

const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const SOLICITED_NODE = { mac: '33:33:ff:a8:00:02', ipv6: 'ff02::1:ffa8:2' };

export function arpRequest(
  changes: { to?: string; from?: string; sender?: string; target?: string; tags?: Uint8Array } = {},
): Uint8Array {
  const source = macBytes(changes.from ?? GUEST.mac);
  return encodeEthernet({
    destination: macBytes(changes.to ?? BROADCAST),
    source,
    tags: changes.tags ?? new Uint8Array(),
    etherType: ETHER_TYPE.arp,
    payload: join(
      Uint8Array.of(0, 1, 8, 0, 6, 4, 0, 1),
      source,
      addressBytes(changes.sender ?? GUEST.ipv4),
      new Uint8Array(6),
      addressBytes(changes.target ?? HOST.ipv4),
      new Uint8Array(18),
    ),
  });
}

export function ping(
  changes: { source?: string; destination?: string; type?: number; text?: string } = {},
): Uint8Array {
  const message = join(
    Uint8Array.of(changes.type ?? 8, 0, 0, 0, 0x12, 0x34, 0, 1),
    bytesOf(changes.text ?? 'are you there?'),
  );
  return encodeEthernet({
    destination: macBytes(HOST.mac),
    source: macBytes(GUEST.mac),
    etherType: ETHER_TYPE.ipv4,
    payload: encodeIpv4({
      source: addressBytes(changes.source ?? GUEST.ipv4),
      destination: addressBytes(changes.destination ?? HOST.ipv4),
      protocol: 1,
      hopLimit: 64,
      payload: withChecksum(message, 2),
    }),
  });
}

export function ping6(changes: { source?: string; destination?: string; type?: number } = {}): Uint8Array {
  const message = Uint8Array.of(changes.type ?? 128, 0, 0, 0, 0x12, 0x34, 0, 1, 1, 2, 3);
  return icmpv6(
    { mac: HOST.mac, source: GUEST.ipv6, destination: HOST.ipv6, hopLimit: 64, ...changes },
    message,
  );
}

export interface Solicitation {
  mac?: string;
  source?: string;
  destination?: string;
  target?: string;
  hopLimit?: number;
  options?: Uint8Array;
}

export function solicitation(changes: Solicitation = {}): Uint8Array {
  const message = join(
    Uint8Array.of(135, 0, 0, 0, 0, 0, 0, 0),
    addressBytes(changes.target ?? HOST.ipv6),
    changes.options ?? join(Uint8Array.of(1, 1), macBytes(GUEST.mac)),
  );
  const envelope = {
    mac: SOLICITED_NODE.mac,
    source: GUEST.ipv6,
    destination: SOLICITED_NODE.ipv6,
    hopLimit: 255,
    ...changes,
  };
  return icmpv6(envelope, message);
}

/** A solicitation for an address that the guest would like to have and that is the host's. */
export function duplicateSearch(changes: Solicitation = {}): Uint8Array {
  return solicitation({ source: '::', options: new Uint8Array(), ...changes });
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function icmpv6(
  envelope: { mac: string; source: string; destination: string; hopLimit: number },
  message: Uint8Array,
): Uint8Array {
  const source = addressBytes(envelope.source);
  const destination = addressBytes(envelope.destination);
  const sum = pseudoHeaderSum(source, destination, 58, message.length);
  return encodeEthernet({
    destination: macBytes(envelope.mac),
    source: macBytes(GUEST.mac),
    etherType: ETHER_TYPE.ipv6,
    payload: encodeIpv6({
      source,
      destination,
      protocol: 58,
      hopLimit: envelope.hopLimit,
      payload: withChecksum(message, 2, sum),
    }),
  });
}
