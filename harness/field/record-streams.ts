import { RECEIVER_BOUNDS } from '../netconsole/bounds.ts';
import type { NetconsoleEvent } from '../netconsole/event.ts';
import { NetconsoleReceiver } from '../netconsole/receiver.ts';
import type { LogLine } from '../oops/log-line.ts';
import { RecordLines } from './record-lines.ts';
import type { Transport, Transports } from './transport.ts';

/** What tells whether two records can be of one boot. */
interface Numbers {
  sequence: number;
  timestampUs: number;
}

/** Records of one boot of one machine. */
interface Stream {
  /** Whom a file says they are of. */
  of: string;
  /** The same, and from where on, where it is not the first of them. */
  name: string;
  receiver: NetconsoleReceiver;
  lines: RecordLines;
  /** Of the record that came last. */
  newest: Numbers;
  /** In which line of the file each record stands that was not told yet. */
  places: Map<number, number>;
}

const HEADER = /^(?:\d+\.\d+[^,;]*,)?\d+,(\d+),(\d+),/;
const MOST_STREAMS = 16;
/** Within one boot a higher number has a later time, but for what CPUs take to write it, in microseconds. */
const SLACK_US = 500_000;
const WINDOW = RECEIVER_BOUNDS.reorderWindow;

/**
 * The extended records of a file, put in order. A file may hold those of several machines or boots and not say so: numbers
 * that start over, that jump further than any packet is late, or whose times contradict them, are of another log.
 */
export class RecordStreams {
  readonly #streams: Stream[] = [];
  #crowdedOut = 0;
  /** Of logs that another has taken the place of. */
  readonly #ended = new Map<string, Transport>();

  /** @param payload as it was sent, with a header; a byte string */
  take(payload: string, of: string, place: number): LogLine[] {
    const [, sequence, timestamp] = HEADER.exec(payload) ?? [];
    const numbers = { sequence: Number(sequence), timestampUs: Number(timestamp) };
    return this.#take(numbers, Buffer.from(payload, 'latin1'), of, place);
  }

  finish(): LogLine[] {
    return this.#streams.flatMap((stream) => told(stream, stream.receiver.finish()));
  }

  get problems(): string[] {
    if (this.#crowdedOut === 0) return [];
    return [`More than ${MOST_STREAMS} logs lie in each other: ${this.#crowdedOut} records were not read.`];
  }

  /** What was lost of each log. */
  get transports(): Transports {
    const own = this.#streams.flatMap(({ name, lines: { transport } }) =>
      transport ? [[name, transport] as const] : [],
    );
    return new Map([...this.#ended, ...own]);
  }

  #rename(stream: Stream, name: string): void {
    const { transport } = stream.lines;
    if (transport) this.#ended.set(stream.name, transport);
    stream.name = name;
    stream.lines = new RecordLines();
  }

  #take(datagram: Numbers, payload: Uint8Array, of: string, place: number): LogLine[] {
    for (const stream of this.#fitting(datagram, of)) {
      const events = stream.receiver.receive(payload, 0);
      if (events.some((event) => event.kind === 'conflict' && event.why === 'header differs')) continue;
      stream.newest = datagram;
      note(stream.places, datagram.sequence, place);
      return events.flatMap((event) => {
        // What was said until then is the other log's.
        if (event.kind === 'reset') this.#rename(stream, nameOf(of, place));
        return told(stream, [event]);
      });
    }
    if (this.#streams.length === MOST_STREAMS) {
      this.#crowdedOut += 1;
      return [];
    }
    const isFirst = !this.#streams.some((stream) => stream.of === of);
    const stream: Stream = {
      of,
      name: isFirst ? of : nameOf(of, place),
      receiver: new NetconsoleReceiver(),
      lines: new RecordLines(),
      newest: datagram,
      places: new Map([[datagram.sequence, place]]),
    };
    this.#streams.push(stream);
    return told(stream, stream.receiver.receive(payload, 0));
  }

  /** Those it may belong to, that whose number comes right before it first. */
  #fitting(datagram: Numbers, of: string): readonly Stream[] {
    if (this.#streams.length === 1 && this.#streams[0]?.of === of)
      return fits(datagram, this.#streams[0].newest) ? this.#streams : [];
    const distance = ({ newest }: Stream) => Math.abs(datagram.sequence - 1 - newest.sequence);
    return this.#streams
      .filter((stream) => stream.of === of && fits(datagram, stream.newest))
      .toSorted((a, b) => distance(a) - distance(b));
  }
}

function fits(datagram: Numbers, newest: Numbers): boolean {
  const ahead = datagram.sequence - newest.sequence;
  const later = datagram.timestampUs - newest.timestampUs;
  if (Math.abs(ahead) >= WINDOW) return false;
  return ahead >= 0 ? later >= -SLACK_US : later <= SLACK_US;
}

/** Of what never comes whole the place is forgotten. */
function note(places: Map<number, number>, sequence: number, place: number): void {
  if (!places.has(sequence)) places.set(sequence, place);
  const [oldest] = places.keys();
  if (places.size > 2 * WINDOW && oldest !== undefined) places.delete(oldest);
}

const nameOf = (of: string, place: number) => `${of} from line ${place} on, where the numbers begin anew`;

function told(stream: Stream, events: readonly NetconsoleEvent[]): LogLine[] {
  const { name, lines, places } = stream;
  return events.flatMap((event) => {
    const read = lines.of([event]);
    const sequence = event.kind === 'record' ? event.record.sequence : undefined;
    const at = sequence === undefined ? undefined : places.get(sequence);
    if (sequence !== undefined) places.delete(sequence);
    for (const line of read) {
      if (at !== undefined) line.at = at;
      line.host = name;
    }
    return read;
  });
}
