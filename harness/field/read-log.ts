import type { LogLine } from '../oops/log-line.ts';
import { isCapture } from '../wire/capture-reader.ts';
import { type CapturedLog, CaptureLogs } from './capture.ts';
import { Hosts } from './hosts.ts';
import { LogReader } from './log.ts';
import { isPlain, readSource } from './source.ts';
import type { Transport } from './transport.ts';
import { type DumpFormat, dumpFormatOf, readVmcore } from './vmcore.ts';

/** Lines of a log, or of one of those in it. */
export interface LogPart {
  /** Whose, where it says so. */
  sender: string | null;
  /** Of a capture: each sender has its name, where it is the only one too. */
  isCaptured: boolean;
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
  const hosts = new Hosts();
  const parts = (lines: readonly LogLine[]): LogPart[] =>
    hosts.take(lines).map((part) => ({ sender: part.host, isCaptured: false, lines: part.lines }));
  let capture: CaptureLogs | null = null;
  let first = true;
  const pieces = readSource(file, onProblem);
  let decode = textOf;
  for await (const bytes of pieces) {
    if (bytes.length === 0) continue;
    const dump = first ? dumpFormatOf(bytes) : null;
    if (dump !== null) {
      yield* parts(await readDump(dump, file, bytes, pieces));
      return;
    }
    const utf16 = first ? utf16Of(bytes) : null;
    if (utf16) decode = utf16;
    if (first && isCapture(bytes)) capture = new CaptureLogs();
    else if (first && !utf16 && !isText(bytes)) onProblem('Its beginning is no text.');
    first = false;
    if (capture) yield* captured(capture.take(bytes));
    else yield* parts(reader.take(decode(bytes)));
  }
  if (capture) {
    yield* captured(capture.finish());
    for (const problem of capture.problems) onProblem(problem);
  } else {
    if (first) onProblem('It is empty.');
    yield* parts(reader.finish());
    for (const [sender, transport] of reader.transports)
      yield { sender, isCaptured: false, lines: [], transport };
    for (const problem of [...reader.problems, ...hosts.problems]) onProblem(problem);
  }
}

const captured = (logs: readonly CapturedLog[]) => logs.map((log) => ({ ...log, isCaptured: true }));

/** What decodes a log in UTF-16, as PowerShell's `>` writes it, most with a mark before it; null for any other. */
function utf16Of(bytes: Uint8Array): ((bytes: Uint8Array) => string) | null {
  const [first, second] = bytes;
  const isLittle = (first === 0xff && second === 0xfe) || zerosOf(bytes, 1) > ZEROS;
  const isBig = (first === 0xfe && second === 0xff) || zerosOf(bytes, 0) > ZEROS;
  if (isLittle === isBig) return null;
  const decoder = new TextDecoder(isLittle ? 'utf-16le' : 'utf-16be');
  return (more) => Buffer.from(decoder.decode(more, { stream: true })).toString('latin1');
}

/** Every second byte of UTF-16 is zero in English, the others are not. */
const ZEROS = 0.8;

/** The share of zeros at every second byte of its beginning, from one on. */
function zerosOf(bytes: Uint8Array, from: 0 | 1): number {
  const looked = bytes.subarray(0, 1024).filter((_, at) => at % 2 === from);
  return looked.length === 0 ? 0 : looked.filter((byte) => byte === 0).length / looked.length;
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
