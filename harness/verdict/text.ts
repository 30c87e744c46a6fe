import { type ConsoleText, readConsoleText } from './console-text.ts';
import { type FoundRecord, findRecords } from './find-records.ts';
import { type Doubt, type Judgement, judged, type LossPlace, outOfPlace, undecidable } from './judgement.ts';
import { printedMicroseconds } from './printed.ts';
import type { Truth } from './truth.ts';

export { printedLines } from './printed.ts';

/**
 * Holds a console's text (serial, or netconsole's basic format) against the truth: every line of every record
 * with its prefix, byte for byte, in order. Such text has no sequence numbers; the time stamps, in microseconds,
 * make lines all but unique, and where two records print the same they must stand there twice.
 *
 * A record is torn if something with its time stamp is there; without that, a line can't be told from another.
 * Whether a record that the ring has overwritten is there can't be told at all, unless the console itself says
 * that it has dropped as many. A line that no record stands for leaves the truth in doubt.
 *
 * `sent` is the text that left the guest, where another witness knows that: see `judgeRecords`.
 */
export function judgeText(
  truth: Truth,
  text: string,
  sent?: string,
  beyond: 'lost on the host' | 'lost on the wire' = 'lost on the host',
): Judgement {
  const console = readConsoleText(text);
  const found = findRecords(truth.records, console);
  if (!found.some(isThere) && hasBareMarker(truth, console)) return undecidable(NO_STAMPS);
  const left = new Set(
    sent === undefined
      ? []
      : findRecords(truth.records, readConsoleText(sent))
          .filter(isWhole)
          .map(({ record }) => record.sequence),
  );
  const placeOf = ({ sequence, finalised }: FoundRecord['record']): LossPlace => {
    if (left.has(sequence)) return beyond;
    return finalised ? 'never sent' : 'not printed';
  };
  const whole = found.filter(isWhole);
  const torn = found.filter((one) => isThere(one) && !isWhole(one));
  const missing = found.filter((one) => !isThere(one));
  const open = Math.max(0, truth.overwritten.length - console.droppedAfter(truth.marker));

  const lost = [
    ...missing.map(({ record }) => loss(record.sequence, placeOf(record), record.text)),
    ...truth.unfinished.map((sequence) => loss(sequence, 'not printed')),
    ...(open > 0
      ? []
      : truth.overwritten.map((sequence) => loss(sequence, 'overwritten before it was sent'))),
  ].sort((a, b) => a.sequence - b.sequence);

  const lists = {
    written: truth.records.length + truth.overwritten.length + truth.unfinished.length,
    arrived: whole.length,
    missing: lost.map(({ sequence }) => sequence),
    torn: torn.map(({ record }) => record.sequence),
    doubled: found.filter(({ doubled }) => doubled).map(({ record }) => record.sequence),
    misplaced: misplaced(whole),
    lost,
  };
  return judged(lists, open > 0 ? overwritten(truth, open) : unknownLines(found, console));
}

const NO_STAMPS = 'its lines have no time stamps (printk.time=0): one can’t be told from another';

/** The marker stands there, but without its time; some kernels name the caller still. */
function hasBareMarker({ marker, records: [first] }: Truth, console: ConsoleText): boolean {
  return (
    marker !== '' && [marker, `[${first?.caller.padStart(6)}] ${marker}`].some((line) => console.has(line))
  );
}

function overwritten(truth: Truth, open: number): Doubt {
  const reason =
    `the ring buffer has overwritten ${truth.overwritten.length} records, ` +
    'and a text without sequence numbers can’t prove that they are there';
  return { reason, records: open };
}

/**
 * A line from after the marker of which the ring knows nothing: then the ring is not the whole truth. A console prints
 * in the order of writing; the time tells such a line from one of a kernel that was booted since.
 */
function unknownLines([marker]: readonly FoundRecord[], console: ConsoleText): Doubt | null {
  if (!marker) return null;
  const unknown = console
    .cutsBehind(marker.places.at(-1) ?? 0)
    .filter(({ text }) => printedMicroseconds(text) >= marker.record.timestampUs);
  if (unknown.length === 0) return null;
  const lines = unknown.length === 1 ? '1 line' : `${unknown.length} lines`;
  return { reason: `the ring buffer knows nothing of ${lines} from after the marker`, records: 0 };
}

const isWhole = ({ places }: FoundRecord) => !places.includes(null);
const isThere = ({ places, cut }: FoundRecord) => cut || places.some((place) => place !== null);
const loss = (sequence: number, where: LossPlace, text = '') => ({ sequence, where, text });

/** Records of which a line stands behind one that was written later, be it one of their own. */
function misplaced(whole: readonly FoundRecord[]): number[] {
  const lines = whole.flatMap(({ record, places }) =>
    places.map((place) => ({ sequence: record.sequence, place: place ?? 0 })),
  );
  const order = [...lines.entries()].sort(([, a], [, b]) => a.place - b.place).map(([line]) => line);
  return [...new Set(outOfPlace(order).map((line) => lines[line]?.sequence ?? 0))];
}
