import type { LogLine } from '../oops/log-line.ts';
import { isCapture } from '../wire/capture-reader.ts';
import { CaptureLogs } from './capture.ts';
import { LogReader } from './log.ts';
import { isPlain, readSource } from './source.ts';
import type { Transport } from './transport.ts';
import { type DumpFormat, dumpFormatOf, readVmcore } from './vmcore.ts';

/** Lines of a log, or of one of those in it. */
export interface LogPart {
  /** Whose, in a capture of several machines. */
  sender: string | null;
  lines: readonly LogLine[];
  /** With the last of it: what was lost on the way here, as far as records have numbers. */
  transport?: Transport | null;
  /** And why what it says is not sure, a sentence each. */
  doubts?: readonly string[];
}

/**
 * The lines of a log, a capture or a dump of memory, as they are read; `onProblem` hears a sentence for what of it can't be.
 * Errors: those of `readSource` and `readVmcore`.
 */
export async function* readLogFile(
  file: string,
  onProblem: (sentence: string) => void,
): AsyncGenerator<LogPart, void, undefined> {
  const reader = new LogReader();
  let capture: CaptureLogs | null = null;
  let first = true;
  const pieces = readSource(file);
  for await (const bytes of pieces) {
    if (bytes.length === 0) continue;
    const dump = first ? dumpFormatOf(bytes) : null;
    if (dump !== null) {
      yield { sender: null, lines: await readDump(dump, file, bytes, pieces) };
      return;
    }
    if (first && isCapture(bytes)) capture = new CaptureLogs();
    else if (first && !isText(bytes)) onProblem('Its beginning is no text.');
    first = false;
    if (capture) yield* capture.take(bytes);
    else yield { sender: null, lines: reader.take(textOf(bytes)) };
  }
  if (capture) {
    yield* capture.finish();
    for (const problem of capture.problems) onProblem(problem);
  } else {
    if (first) onProblem('It is empty.');
    const lines = reader.finish();
    yield { sender: null, lines, transport: reader.transport };
  }
}

/** Shares of bytes that no log has: control characters, and zeros, which a disk may leave in one after a crash. */
const BINARY = { controls: 0.05, zeros: 0.9 };

function isText(bytes: Uint8Array): boolean {
  let controls = 0;
  let zeros = 0;
  for (const byte of bytes) {
    if (byte === 0) zeros += 1;
    // Tab to carriage return, and what a terminal's orders begin with.
    else if (byte < 0x20 && byte !== 0x1b && !(byte >= 0x09 && byte <= 0x0d)) controls += 1;
  }
  return controls <= BINARY.controls * bytes.length && zeros <= BINARY.zeros * bytes.length;
}

/** A dump is read here and there: where it is no plain file, a copy of it is. */
async function readDump(
  format: DumpFormat,
  file: string,
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): Promise<LogLine[]> {
  const all = async function* () {
    yield first;
    yield* rest;
  };
  return readVmcore(format, {
    name: file === '-' ? 'standard input' : file,
    file: (await isPlain(file)) ? file : null,
    pieces: all(),
  });
}

const textOf = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
