import { ETHER_TYPE } from './ethernet.ts';
import { join, uint16, uint16At } from './network-order.ts';

/** A frame of a capture file, as an Ethernet frame whatever it was caught on. */
export interface ReadFrame {
  /** Milliseconds since 1970, as the file says. */
  atMs: number;
  bytes: Uint8Array;
  /** Bytes at its end that the capture left out (`tcpdump -s`). */
  cutBytes: number;
}

/** Link types of the tcpdump group's registry that carry IP, and how each says which. */
const LINKS: Readonly<Record<number, (bytes: Uint8Array) => Uint8Array>> = {
  1: (bytes) => bytes,
  // Linux cooked, versions 1 and 2: `tcpdump -i any`.
  113: (bytes) => asEthernet(uint16At(bytes, 14), bytes.subarray(16)),
  276: (bytes) => asEthernet(uint16At(bytes, 0), bytes.subarray(20)),
  12: raw,
  14: raw,
  101: raw,
  228: raw,
  229: raw,
  // BSD's loopback: four bytes say the family, in the byte order of the host or of the network.
  0: (bytes) => raw(bytes.subarray(4)),
  108: (bytes) => raw(bytes.subarray(4)),
};

function raw(bytes: Uint8Array): Uint8Array {
  return asEthernet((bytes[0] ?? 0) >> 4 === 6 ? ETHER_TYPE.ipv6 : ETHER_TYPE.ipv4, bytes);
}

function asEthernet(etherType: number, payload: Uint8Array): Uint8Array {
  return join(new Uint8Array(12), uint16(etherType), payload);
}

const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const BLOCK = { interface: 1, simple: 3, enhanced: 6 };
/** A block or frame that says it is longer is none: no card takes such a frame. */
const LONGEST_BLOCK = 16 << 20;

interface Interface {
  linkType: number;
  /** Units of its timestamps in a millisecond. */
  perMs: number;
}

/** Whether a file that begins so is a capture. */
export function isCapture(head: Uint8Array): boolean {
  return (
    head.length >= 4 &&
    (classicForm(head) !== null || new DataView(head.buffer, head.byteOffset).getUint32(0) === SECTION_HEADER)
  );
}

/**
 * Reads a capture file piece by piece: classic pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), of
 * Ethernet, Linux cooked, BSD's loopback and raw IP. What can't be read stops it, and `problem` says why; interfaces of
 * another type beside one that can be read are passed over (`unread`).
 */
export class CaptureReader {
  /** A sentence; null as long as all is well. */
  problem: string | null = null;
  #rest = new Uint8Array();
  #littleEndian = false;
  #form: 'unknown' | 'classic' | 'pcapng' = 'unknown';
  #interfaces: Interface[] = [];
  /** Whether some interface's frames could be read, and those of others, by their link types. */
  #hasReadable = false;
  readonly #unread = new Map<number, number>();

  take(piece: Uint8Array): ReadFrame[] {
    if (this.problem !== null) return [];
    const bytes = this.#rest.length === 0 ? piece : join(this.#rest, piece);
    const frames: ReadFrame[] = [];
    let at = 0;
    while (this.problem === null) {
      const read = this.#next(bytes.subarray(at));
      if (read === null) break;
      at += read.length;
      if (read.frame) frames.push(read.frame);
    }
    this.#rest = Uint8Array.from(bytes.subarray(at));
    return frames;
  }

  /** No more will come. */
  finish(): void {
    if (this.#form === 'unknown') this.problem ??= 'The file is no capture: it is too short.';
    if (this.#rest.length > 0) this.problem ??= 'The capture stops in the middle of a frame.';
    const [first] = this.#unread.keys();
    if (first !== undefined && !this.#hasReadable) this.problem ??= unknownLink(first);
  }

  /** Frames of interfaces beside one that could be read, a sentence for each type of link. */
  get unread(): string[] {
    if (!this.#hasReadable) return [];
    return [...this.#unread]
      .filter(([, count]) => count > 0)
      .map(([type, count]) =>
        count === 1
          ? `1 frame of link type ${type} is not read.`
          : `${count} frames of link type ${type} are not read.`,
      );
  }

  /** The next header, block or frame; null where it is not all there. */
  #next(bytes: Uint8Array): { length: number; frame?: ReadFrame } | null {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#form === 'unknown') return this.#begin(bytes, view);
    return this.#form === 'classic' ? this.#classic(bytes, view) : this.#block(bytes, view);
  }

  #begin(bytes: Uint8Array, view: DataView): { length: number } | null {
    if (bytes.length < 24) return null;
    const form = classicForm(bytes);
    if (form === null) {
      this.#form = 'pcapng';
      return { length: 0 };
    }
    this.#form = 'classic';
    this.#littleEndian = form.littleEndian;
    const linkType = view.getUint32(20, form.littleEndian) & 0xffff;
    this.#meet(linkType, form.perMs);
    if (!(linkType in LINKS)) return this.#stop(unknownLink(linkType));
    return { length: 24 };
  }

  #classic(bytes: Uint8Array, view: DataView): { length: number; frame?: ReadFrame } | null {
    const [own] = this.#interfaces;
    if (bytes.length < 16 || !own) return null;
    const seconds = view.getUint32(0, this.#littleEndian);
    const fraction = view.getUint32(4, this.#littleEndian);
    const length = view.getUint32(8, this.#littleEndian);
    if (length > LONGEST_BLOCK) return this.#stop(`A frame of the capture says that it has ${length} bytes.`);
    if (bytes.length < 16 + length) return null;
    const atMs = seconds * 1000 + fraction / own.perMs;
    const cut = view.getUint32(12, this.#littleEndian) - length;
    const frame = frameOf(own, atMs, bytes.subarray(16, 16 + length), cut);
    return { length: 16 + length, ...(frame && { frame }) };
  }

  #block(bytes: Uint8Array, view: DataView): { length: number; frame?: ReadFrame } | null {
    if (bytes.length < 12) return null;
    const type = view.getUint32(0, this.#littleEndian);
    if (view.getUint32(0) === SECTION_HEADER) {
      this.#littleEndian = view.getUint32(8, true) === BYTE_ORDER_MAGIC;
      this.#interfaces = [];
    }
    const length = view.getUint32(4, this.#littleEndian);
    if (length < 12 || length % 4 !== 0 || length > LONGEST_BLOCK)
      return this.#stop(`A block of the capture says that it has ${length} bytes.`);
    if (bytes.length < length) return null;
    const body = bytes.subarray(8, length - 4);
    const inside = new DataView(body.buffer, body.byteOffset, body.byteLength);
    if (type === BLOCK.interface && body.length >= 8) {
      this.#meet(inside.getUint16(0, this.#littleEndian), unitsPerMs(body, this.#littleEndian));
    }
    const frame = this.#packet(type, body, inside);
    return { length, ...(frame && { frame }) };
  }

  #packet(type: number, body: Uint8Array, view: DataView): ReadFrame | undefined {
    const little = this.#littleEndian;
    if (type === BLOCK.simple && body.length >= 4) {
      const [own] = this.#interfaces;
      const original = view.getUint32(0, little);
      const length = Math.min(original, body.length - 4);
      return own && this.#frame(own, 0, body.subarray(4, 4 + length), original - length);
    }
    if (type !== BLOCK.enhanced || body.length < 20) return undefined;
    const own = this.#interfaces[view.getUint32(0, little)];
    const units = view.getUint32(4, little) * 2 ** 32 + view.getUint32(8, little);
    const length = Math.min(view.getUint32(12, little), body.length - 20);
    const cut = view.getUint32(16, little) - length;
    return own && this.#frame(own, units / own.perMs, body.subarray(20, 20 + length), cut);
  }

  #frame(own: Interface, atMs: number, bytes: Uint8Array, cut: number): ReadFrame | undefined {
    const frame = frameOf(own, atMs, bytes, cut);
    if (!frame) this.#unread.set(own.linkType, (this.#unread.get(own.linkType) ?? 0) + 1);
    return frame;
  }

  #meet(linkType: number, perMs: number): void {
    this.#interfaces.push({ linkType, perMs });
    if (linkType in LINKS) this.#hasReadable = true;
    else if (!this.#unread.has(linkType)) this.#unread.set(linkType, 0);
  }

  #stop(problem: string): null {
    this.problem = problem;
    return null;
  }
}

function frameOf(
  { linkType }: Interface,
  atMs: number,
  bytes: Uint8Array,
  cut: number,
): ReadFrame | undefined {
  const read = LINKS[linkType]?.(bytes);
  return read && { atMs, bytes: read, cutBytes: Math.max(0, cut) };
}

const unknownLink = (type: number) =>
  `The capture is of link type ${type}, in which no UDP over IP is read: Ethernet, Linux cooked and raw IP are.`;

/** The byte order of a classic file's writer, and the unit of its timestamps' fractions. */
function classicForm(head: Uint8Array): { littleEndian: boolean; perMs: number } | null {
  if (head.length < 4) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic === 0xa1b2c3d4) return { littleEndian, perMs: 1000 };
    if (magic === 0xa1b23c4d) return { littleEndian, perMs: 1_000_000 };
  }
  return null;
}

/** The option `if_tsresol` of an interface: a power of ten, or with the highest bit one of two; microseconds without. */
function unitsPerMs(body: Uint8Array, littleEndian: boolean): number {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  for (let at = 8; at + 4 <= body.length;) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    const value = body[at + 4];
    if (code === 9 && length === 1 && value !== undefined) {
      return (value & 0x80 ? 2 ** (value & 0x7f) : 10 ** value) / 1000;
    }
    at += 4 + length + (-length & 3);
  }
  return 1000;
}
