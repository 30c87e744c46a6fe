import { join, joinAll } from './network-order.ts';

/** Where frames were caught, as Wireshark shows it. */
export interface CaptureInterface {
  name: string;
  description?: string;
}

export interface CapturedPacket {
  /** Index into the file's interfaces. */
  interface: number;
  /** Nanoseconds since 1970, UTC. */
  timestampNs: bigint;
  /** As the interface saw it. */
  direction: 'inbound' | 'outbound' | 'unknown';
  /** The whole Ethernet frame. */
  bytes: Uint8Array;
  /** Shown beside the frame, one line each. */
  comments?: readonly string[];
}

// Block types, options and values of draft-ietf-opsawg-pcapng.
const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const LINKTYPE_ETHERNET = 1;
const OPTION = { end: 0, comment: 1, ifName: 2, epbFlags: 2, ifDescription: 3, userAppl: 4, ifTsresol: 9 };
const NANOSECONDS = 9;
const DIRECTION = { unknown: 0, inbound: 1, outbound: 2 };
const LONGEST_OPTION = 0xffff;

/** A whole pcapng file. Throws a `RangeError` for a packet of an interface that is not there. */
export function renderPcapng(capture: {
  application: string;
  comments?: readonly string[];
  interfaces: readonly CaptureInterface[];
  packets: readonly CapturedPacket[];
}): Uint8Array {
  const stray = capture.packets.find((packet) => capture.interfaces[packet.interface] === undefined);
  if (stray !== undefined)
    throw new RangeError(`a packet of interface ${stray.interface}, which is not there`);
  return joinAll([pcapngHeader(capture), ...capture.packets.map((packet) => pcapngPacket(packet))]);
}

/** What a pcapng file starts with; any number of `pcapngPacket` may follow. */
export function pcapngHeader(capture: {
  application: string;
  comments?: readonly string[];
  interfaces: readonly CaptureInterface[];
}): Uint8Array {
  const unknownLength = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255);
  const section = block(
    SECTION_HEADER,
    uint32(BYTE_ORDER_MAGIC),
    uint16s(1, 0),
    unknownLength,
    comments(capture.comments),
    textOption(OPTION.userAppl, capture.application),
    option(OPTION.end, new Uint8Array()),
  );
  return join(section, ...capture.interfaces.map((description) => interfaceBlock(description)));
}

export function pcapngPacket(packet: CapturedPacket): Uint8Array {
  return block(
    ENHANCED_PACKET,
    uint32(packet.interface),
    uint32(Number(BigInt.asUintN(32, packet.timestampNs >> 32n))),
    uint32(Number(BigInt.asUintN(32, packet.timestampNs))),
    uint32(packet.bytes.length),
    uint32(packet.bytes.length),
    padded(packet.bytes),
    comments(packet.comments),
    option(OPTION.epbFlags, uint32(DIRECTION[packet.direction])),
    option(OPTION.end, new Uint8Array()),
  );
}

function interfaceBlock(description: CaptureInterface): Uint8Array {
  const noSnapLength = uint32(0);
  return block(
    INTERFACE_DESCRIPTION,
    uint16s(LINKTYPE_ETHERNET, 0),
    noSnapLength,
    textOption(OPTION.ifName, description.name),
    description.description === undefined
      ? new Uint8Array()
      : textOption(OPTION.ifDescription, description.description),
    option(OPTION.ifTsresol, Uint8Array.of(NANOSECONDS)),
    option(OPTION.end, new Uint8Array()),
  );
}

function block(type: number, ...body: readonly Uint8Array[]): Uint8Array {
  const content = join(...body);
  const length = uint32(content.length + 12);
  return join(uint32(type), length, content, length);
}

function comments(lines: readonly string[] = []): Uint8Array {
  return join(...lines.map((line) => textOption(OPTION.comment, line)));
}

/** UTF-8, cut between two characters to what an option can hold. */
function textOption(code: number, text: string): Uint8Array {
  const bytes = new Uint8Array(Math.min(3 * text.length, LONGEST_OPTION));
  const { written } = new TextEncoder().encodeInto(text, bytes);
  return option(code, bytes.subarray(0, written));
}

function option(code: number, value: Uint8Array): Uint8Array {
  return join(uint16s(code, value.length), padded(value));
}

/** To a multiple of 4 bytes. */
function padded(bytes: Uint8Array): Uint8Array {
  return join(bytes, new Uint8Array(-bytes.length & 3));
}

// The file is little-endian throughout, unlike what it holds.
function uint32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

function uint16s(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value & 0xff, value >>> 8]));
}
