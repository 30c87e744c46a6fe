export interface PcapFrame {
  /** As the file says, in whole microseconds: QEMU writes its start (to the second) plus the guest's clock. */
  timestampUs: number;
  /** A view into the file. */
  bytes: Uint8Array;
  /** More than `bytes.length` where the writer kept only a frame's beginning. */
  originalLength: number;
}

/** `truncated`: the file stops inside a frame, as a killed QEMU leaves it. */
export type Pcap = { frames: PcapFrame[]; truncated: boolean } | { failure: string };

const FILE_HEADER_BYTES = 24;
const FRAME_HEADER_BYTES = 16;
const LINKTYPE_ETHERNET = 1;
/** Above the link type, newer writers say how many bytes of check sequence a frame ends with. */
const LINKTYPE_BITS = 0xffff;

/** Reads a classic pcap file (draft-ietf-opsawg-pcap) of Ethernet frames, as QEMU's `filter-dump` writes it. */
export function readPcap(file: Uint8Array): Pcap {
  if (file.length < FILE_HEADER_BYTES) return { failure: `a pcap header is cut after ${file.length} bytes` };
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const form = readMagic(view.getUint32(0));
  if (form === null)
    return { failure: 'not a pcap file: its first four bytes are none of the known numbers' };
  const { littleEndian, fractionsPerUs } = form;
  const linkType = view.getUint32(20, littleEndian) & LINKTYPE_BITS;
  if (linkType !== LINKTYPE_ETHERNET)
    return { failure: `the pcap file holds link type ${linkType}, not Ethernet` };

  const frames: PcapFrame[] = [];
  let offset = FILE_HEADER_BYTES;
  while (offset + FRAME_HEADER_BYTES <= file.length) {
    const start = offset + FRAME_HEADER_BYTES;
    const end = start + view.getUint32(offset + 8, littleEndian);
    if (end > file.length) break;
    const seconds = view.getUint32(offset, littleEndian);
    const fraction = view.getUint32(offset + 4, littleEndian);
    frames.push({
      timestampUs: seconds * 1_000_000 + Math.floor(fraction / fractionsPerUs),
      bytes: file.subarray(start, end),
      originalLength: view.getUint32(offset + 12, littleEndian),
    });
    offset = end;
  }
  return { frames, truncated: offset < file.length };
}

/** The byte order of the writer and the unit of its time stamps' fractions. */
function readMagic(magic: number): { littleEndian: boolean; fractionsPerUs: number } | null {
  switch (magic) {
    case 0xa1b2c3d4:
      return { littleEndian: false, fractionsPerUs: 1 };
    case 0xd4c3b2a1:
      return { littleEndian: true, fractionsPerUs: 1 };
    case 0xa1b23c4d:
      return { littleEndian: false, fractionsPerUs: 1000 };
    case 0x4d3cb2a1:
      return { littleEndian: true, fractionsPerUs: 1000 };
    default:
      return null;
  }
}
