import { encodeEthernet, ETHER_TYPE, parseEthernet } from './ethernet.ts';
import { decodeUdp, encodeUdp } from './udp.ts';

/** Bytes of the Ethernet, IPv4 and UDP headers, of IPv6's 20 more: what a flipped bit should not hit. */
const HEADERS = { ipv4: 14 + 20 + 8, ipv6: 14 + 40 + 8, ethernet: 14 };

/** A copy with one bit flipped, behind the headers where there is something behind them; `random` is from 0 up to 1. */
export function flipBit(frame: Uint8Array, random: number): { bytes: Uint8Array; bit: number } {
  const bytes = new Uint8Array(frame);
  const ethernet = parseEthernet(frame);
  const ipv6 = ethernet.kind === 'ethernet' && ethernet.etherType === ETHER_TYPE.ipv6;
  const wanted = ipv6 ? HEADERS.ipv6 : HEADERS.ipv4;
  const from = [wanted, HEADERS.ethernet, 0].find((start) => start < frame.length) ?? 0;
  const bit = from * 8 + Math.floor(random * (frame.length - from) * 8);
  const at = bit >> 3;
  bytes[at] = (bytes[at] ?? 0) ^ (0x80 >> (bit & 7));
  return { bytes, bit };
}

/** The first bytes of a frame, nothing mended: its lengths and checksums say that there was more. At least one byte. */
export function cutFrame(frame: Uint8Array, bytes: number): Uint8Array {
  return frame.slice(0, Math.max(1, bytes));
}

/**
 * A UDP datagram with only the first `bytes` of its payload and lengths and checksums that fit, as a receiver has
 * it whose buffer was too small. What is no UDP datagram stays as it is.
 */
export function cutDatagram(frame: Uint8Array, bytes: number): Uint8Array {
  const datagram = decodeUdp(frame);
  if (datagram.kind !== 'udp' || datagram.payload.length <= bytes) return frame;
  const whole = encodeUdp({ ...datagram, payload: datagram.payload.subarray(0, bytes) });
  const [old, cut] = [parseEthernet(frame), parseEthernet(whole)];
  if (old.kind !== 'ethernet' || cut.kind !== 'ethernet') return whole;
  return encodeEthernet({ ...cut, tags: old.tags });
}
