import { parseDatagram } from '../netconsole/datagram.ts';
import type { LogLine } from '../oops/log-line.ts';
import { CaptureReader, type ReadFrame } from '../wire/capture-reader.ts';
import { decodeUdp, peekUdp } from '../wire/udp.ts';
import { labelOf } from './label.ts';
import { datagrams, type Datagrams } from './records.ts';
import type { Transport } from './transport.ts';

/** What one machine sent in a capture. */
export interface CapturedLog {
  /** `10.0.0.1:6665`. */
  sender: string;
  lines: readonly LogLine[];
  /** When all of it is read: what was lost on the way here. */
  transport?: Transport | null;
  /** And why what it says is not sure, a sentence each. */
  doubts?: string[];
}

/** Netconsole's own ports; another is taken where a datagram has the extended format's header. */
const PORTS = { source: 6665, target: 6666 };
const MOST_SENDERS = 1024;

/** No frame of a card is longer. */
const LONGEST_FRAME = 1 << 16;

/** A sender, and its datagrams that are not known to be as it sent them. */
interface Known {
  datagrams: Datagrams;
  wrong: number;
  cut: number;
  broken: number;
}

/** Reads netconsole's datagrams out of a capture, pcap or pcapng, of each sender for itself. */
export class CaptureLogs {
  readonly #reader = new CaptureReader();
  readonly #senders = new Map<string, Known>();
  #crowdedOut = 0;

  take(piece: Uint8Array): CapturedLog[] {
    const logs: CapturedLog[] = [];
    for (const frame of this.#reader.take(piece)) {
      const log = this.#frame(frame);
      if (log && log.lines.length > 0) logs.push(log);
    }
    return logs;
  }

  finish(): CapturedLog[] {
    this.#reader.finish();
    return [...this.#senders].map(([sender, known]) => {
      const lines = known.datagrams.finish();
      return { sender, lines, transport: known.datagrams.transport, doubts: doubtsOf(known) };
    });
  }

  /** What could not be read, a sentence each. */
  get problems(): string[] {
    const { problem, unread } = this.#reader;
    return [
      ...(problem === null ? [] : [problem]),
      ...(problem === null && this.#senders.size === 0 ? ['No datagram of netconsole is in it.'] : []),
      ...unread,
      ...doubtsOf({
        wrong: sumOf(this.#senders, 'wrong'),
        cut: sumOf(this.#senders, 'cut'),
        broken: sumOf(this.#senders, 'broken'),
      }),
      ...(this.#crowdedOut === 0
        ? []
        : [`There are more than ${MOST_SENDERS} senders: the others were not read.`]),
    ];
  }

  #frame({ bytes, cutBytes, atMs }: ReadFrame): CapturedLog | undefined {
    const frame = cutBytes > 0 && cutBytes < LONGEST_FRAME ? padded(bytes, cutBytes) : bytes;
    const decoded = decodeUdp(frame);
    if (decoded.kind === 'other') return undefined;
    const ends = decoded.kind === 'udp' ? decoded : peekUdp(frame);
    if (!ends) return undefined;
    const all = decoded.kind === 'udp' ? decoded.payload : new Uint8Array();
    const payload = all.subarray(0, Math.max(0, bytes.length - (all.byteOffset - frame.byteOffset)));
    const sender = labelOf(ends.source.address, ends.source.port);
    const known =
      this.#senders.get(sender) ?? this.#meet(sender, isNetconsole(ends.source, ends.destination, payload));
    if (!known) return undefined;
    if (decoded.kind !== 'udp') {
      known.broken += 1;
      known.datagrams.lose();
      return undefined;
    }
    if (payload.length < all.length) {
      known.cut += 1;
      return { sender, lines: receiveCut(known.datagrams, payload, atMs) };
    }
    if (decoded.checksum === 'bad' && decoded.unfinished !== true) known.wrong += 1;
    return { sender, lines: known.datagrams.receive(payload, atMs) };
  }

  #meet(sender: string, isOne: boolean): Known | undefined {
    if (!isOne) return undefined;
    if (this.#senders.size >= MOST_SENDERS) {
      this.#crowdedOut += 1;
      return undefined;
    }
    const known = { datagrams: datagrams(), wrong: 0, cut: 0, broken: 0 };
    this.#senders.set(sender, known);
    return known;
  }
}

function padded(bytes: Uint8Array, cutBytes: number): Uint8Array {
  const frame = new Uint8Array(bytes.length + cutBytes);
  frame.set(bytes);
  return frame;
}

/** What is there of a datagram counts, and that something of it isn't. */
function receiveCut(sender: Datagrams, payload: Uint8Array, atMs: number): LogLine[] {
  sender.lose();
  if (parseDatagram(payload).kind === 'extended') return sender.receive(payload, atMs);
  // Its header is not all there.
  if (sender.transport !== null) return [];
  const line = new Uint8Array(payload.length + 1);
  line.set(payload);
  line[payload.length] = 0x0a;
  return sender.receive(line, atMs);
}

const sumOf = (senders: ReadonlyMap<string, Known>, what: 'wrong' | 'cut' | 'broken') =>
  [...senders.values()].reduce((sum, known) => sum + known[what], 0);

/** Why what its datagrams say is not sure, a sentence each. */
function doubtsOf({ wrong, cut, broken }: Pick<Known, 'wrong' | 'cut' | 'broken'>): string[] {
  const sentences: string[] = [];
  const say = (count: number, one: string, several: string) => {
    if (count === 1) sentences.push(`1 datagram of netconsole ${one}`);
    if (count > 1) sentences.push(`${count} datagrams of netconsole ${several}`);
  };
  const all = 'the capture kept only the beginning (tcpdump -s 0 keeps all).';
  say(cut, `is cut: ${all}`, `are cut: ${all}`);
  const changed = 'read all the same, and may say something else than what was sent.';
  say(wrong, `has a wrong UDP checksum: it is ${changed}`, `have wrong UDP checksums: they are ${changed}`);
  say(broken, 'is no sound packet, and not read.', 'are no sound packets, and not read.');
  return sentences;
}

function isNetconsole(source: { port: number }, destination: { port: number }, payload: Uint8Array): boolean {
  if (destination.port === PORTS.target || source.port === PORTS.source) return true;
  return parseDatagram(payload).kind === 'extended';
}
