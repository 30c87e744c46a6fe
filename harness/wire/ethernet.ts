import { join, uint16, uint16At } from './network-order.ts';

export const ETHER_TYPE = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;

/** An Ethernet II frame without its check sequence, as QEMU hands it over. All bytes are views into the frame. */
export interface Ethernet {
  kind: 'ethernet';
  destination: Uint8Array;
  source: Uint8Array;
  /** Up to two 802.1Q / 802.1ad tags, 4 bytes each, as they stood on the wire. */
  tags: Uint8Array;
  etherType: number;
  /** With whatever padding brought the frame to the minimum size. */
  payload: Uint8Array;
}

/** Bytes that break the rules of what they say they are. */
export interface Malformed {
  kind: 'malformed';
  reason: string;
}

/** Sound as far as it was read, but not what was asked for. */
export interface Other {
  kind: 'other';
  what: string;
}

const HEADER_BYTES = 14;
const TAG_BYTES = 4;
const MOST_TAGS = 2;
const TAG_TYPES: ReadonlySet<number> = new Set([0x8100, 0x88a8]);
/** Below this the type field is the length of an 802.3 frame. */
const FIRST_ETHER_TYPE = 0x0600;

export function parseEthernet(frame: Uint8Array): Ethernet | Malformed | Other {
  let end = HEADER_BYTES;
  while (TAG_TYPES.has(uint16At(frame, end - 2)) && end < HEADER_BYTES + MOST_TAGS * TAG_BYTES) {
    end += TAG_BYTES;
  }
  if (frame.length < end) {
    return malformed(`the frame has ${frame.length} bytes, its Ethernet header needs ${end}`);
  }
  const etherType = uint16At(frame, end - 2);
  if (etherType < FIRST_ETHER_TYPE) return other('802.3 frame');
  return {
    kind: 'ethernet',
    destination: frame.subarray(0, 6),
    source: frame.subarray(6, 12),
    tags: frame.subarray(12, end - 2),
    etherType,
    payload: frame.subarray(end),
  };
}

/** Not padded to the minimum size: QEMU pads where a device asks for it. */
export function encodeEthernet(frame: {
  destination: Uint8Array;
  source: Uint8Array;
  tags?: Uint8Array;
  etherType: number;
  payload: Uint8Array;
}): Uint8Array {
  const tags = frame.tags ?? new Uint8Array();
  return join(frame.destination, frame.source, tags, uint16(frame.etherType), frame.payload);
}

/** Broadcast or multicast. */
export function isGroupMac(mac: Uint8Array): boolean {
  return ((mac[0] ?? 0) & 1) === 1;
}

export function malformed(reason: string): Malformed {
  return { kind: 'malformed', reason };
}

export function other(what: string): Other {
  return { kind: 'other', what };
}
