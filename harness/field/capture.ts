import { parseDatagram } from '../netconsole/datagram.ts';
import type { LogLine } from '../oops/log-line.ts';
import { CaptureReader } from '../wire/capture-reader.ts';
import { decodeUdp } from '../wire/udp.ts';
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
}

/** Netconsole's own ports; another is taken where a datagram has the extended format's header. */
const PORTS = { source: 6665, target: 6666 };
const MOST_SENDERS = 1024;

/** Reads netconsole's datagrams out of a capture, pcap or pcapng, of each sender for itself. */
export class CaptureLogs {
  readonly #reader = new CaptureReader();
  readonly #senders = new Map<string, Datagrams>();
  #crowdedOut = 0;

  take(piece: Uint8Array): CapturedLog[] {
    const logs: CapturedLog[] = [];
    for (const { bytes, atMs } of this.#reader.take(piece)) {
      const decoded = decodeUdp(bytes);
      if (decoded.kind !== 'udp' || decoded.checksum === 'bad') continue;
      const { source, destination, payload } = decoded;
      const sender = labelOf(source.address, source.port);
      const known =
        this.#senders.get(sender) ?? this.#meet(sender, isNetconsole(source, destination, payload));
      const lines = known?.receive(payload, atMs) ?? [];
      if (lines.length > 0) logs.push({ sender, lines });
    }
    return logs;
  }

  finish(): CapturedLog[] {
    this.#reader.finish();
    return [...this.#senders].map(([sender, known]) => {
      const lines = known.finish();
      return { sender, lines, transport: known.transport };
    });
  }

  /** What could not be read, a sentence each. */
  get problems(): string[] {
    const { problem } = this.#reader;
    return [
      ...(problem === null ? [] : [problem]),
      ...(problem === null && this.#senders.size === 0 ? ['No datagram of netconsole is in it.'] : []),
      ...(this.#crowdedOut === 0
        ? []
        : [`There are more than ${MOST_SENDERS} senders: the others were not read.`]),
    ];
  }

  #meet(sender: string, isOne: boolean): Datagrams | undefined {
    if (!isOne) return undefined;
    if (this.#senders.size >= MOST_SENDERS) {
      this.#crowdedOut += 1;
      return undefined;
    }
    const known = datagrams();
    this.#senders.set(sender, known);
    return known;
  }
}

function isNetconsole(source: { port: number }, destination: { port: number }, payload: Uint8Array): boolean {
  if (destination.port === PORTS.target || source.port === PORTS.source) return true;
  return parseDatagram(payload).kind === 'extended';
}
