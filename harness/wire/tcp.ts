import { checksumHolds, internetChecksum, pseudoHeaderSum } from './checksum.ts';
import { malformed, type Malformed } from './ethernet.ts';
import type { InternetPacket } from './ipv4.ts';
import { uint16At } from './network-order.ts';

export const TCP = 6;

/** A TCP segment (RFC 9293). */
export interface TcpSegment {
  kind: 'tcp';
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  acknowledgement: number;
  flags: TcpFlags;
  /** As it stands in the header, not yet scaled. */
  window: number;
  options: TcpOptions;
  /** A view into the frame. */
  payload: Uint8Array;
}

export interface TcpFlags {
  syn?: boolean;
  ack?: boolean;
  fin?: boolean;
  rst?: boolean;
}

/** Those that matter here; they come with a SYN only. */
interface TcpOptions {
  /** The largest payload the sender takes, in bytes. */
  maximumSegment?: number;
  /** By how many bits the sender's window is to be shifted (RFC 7323). */
  windowScale?: number;
}

const HEADER_BYTES = 20;
const FLAG = { fin: 1, syn: 2, rst: 4, push: 8, ack: 16 };
const OPTION = { end: 0, padding: 1, maximumSegment: 2, windowScale: 3 };
/** RFC 7323, section 2.3. */
const MOST_SCALE = 14;

/** The TCP segment in a packet; one with a checksum that fails is malformed. */
export function parseTcp({ source, destination, payload }: InternetPacket): TcpSegment | Malformed {
  const headerBytes = ((payload[12] ?? 0) >> 4) * 4;
  if (headerBytes < HEADER_BYTES || headerBytes > payload.length) {
    return malformed(`a TCP header of ${headerBytes} bytes in ${payload.length} bytes`);
  }
  const sum = pseudoHeaderSum(source, destination, TCP, payload.length);
  if (!checksumHolds(payload, sum)) return malformed('the TCP checksum is wrong');
  const bits = payload[13] ?? 0;
  return {
    kind: 'tcp',
    sourcePort: uint16At(payload, 0),
    destinationPort: uint16At(payload, 2),
    sequence: uint32At(payload, 4),
    acknowledgement: uint32At(payload, 8),
    flags: {
      syn: (bits & FLAG.syn) !== 0,
      ack: (bits & FLAG.ack) !== 0,
      fin: (bits & FLAG.fin) !== 0,
      rst: (bits & FLAG.rst) !== 0,
    },
    window: uint16At(payload, 14),
    options: parseOptions(payload.subarray(HEADER_BYTES, headerBytes)),
    payload: payload.subarray(headerBytes),
  };
}

/** The bytes of a segment between two addresses of one family, with its checksum. */
export function encodeTcp(
  segment: Omit<TcpSegment, 'kind'>,
  source: Uint8Array,
  destination: Uint8Array,
): Uint8Array {
  const { maximumSegment, windowScale } = segment.options;
  const options: number[] = [];
  if (maximumSegment !== undefined)
    options.push(OPTION.maximumSegment, 4, maximumSegment >> 8, maximumSegment & 0xff);
  if (windowScale !== undefined) options.push(OPTION.padding, OPTION.windowScale, 3, windowScale);
  const headerBytes = HEADER_BYTES + options.length;
  const bytes = new Uint8Array(headerBytes + segment.payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, segment.sourcePort);
  view.setUint16(2, segment.destinationPort);
  view.setUint32(4, segment.sequence);
  view.setUint32(8, segment.acknowledgement);
  view.setUint8(12, (headerBytes / 4) << 4);
  view.setUint8(13, flagBits(segment));
  view.setUint16(14, segment.window);
  bytes.set(options, HEADER_BYTES);
  bytes.set(segment.payload, headerBytes);
  const sum = pseudoHeaderSum(source, destination, TCP, bytes.length);
  view.setUint16(16, internetChecksum(bytes, sum));
  return bytes;
}

function flagBits({ flags, payload }: Pick<TcpSegment, 'flags' | 'payload'>): number {
  return (
    (flags.fin ? FLAG.fin : 0) |
    (flags.syn ? FLAG.syn : 0) |
    (flags.rst ? FLAG.rst : 0) |
    (flags.ack ? FLAG.ack : 0) |
    (payload.length > 0 ? FLAG.push : 0)
  );
}

/** What is no option any more ends them: a guest may send anything. */
function parseOptions(bytes: Uint8Array): TcpOptions {
  const options: TcpOptions = {};
  let offset = 0;
  while (offset < bytes.length && bytes[offset] !== OPTION.end) {
    if (bytes[offset] === OPTION.padding) {
      offset += 1;
      continue;
    }
    const length = bytes[offset + 1] ?? 0;
    if (length < 2 || offset + length > bytes.length) break;
    if (bytes[offset] === OPTION.maximumSegment && length === 4)
      options.maximumSegment = uint16At(bytes, offset + 2);
    if (bytes[offset] === OPTION.windowScale && length === 3)
      options.windowScale = Math.min(bytes[offset + 2] ?? 0, MOST_SCALE);
    offset += length;
  }
  return options;
}

function uint32At(bytes: Uint8Array, offset: number): number {
  return uint16At(bytes, offset) * 0x1_0000 + uint16At(bytes, offset + 2);
}
