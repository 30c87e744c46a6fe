import type { LogLine } from '../oops/log-line.ts';
import { isCapture } from '../wire/capture-reader.ts';
import { CaptureLogs } from './capture.ts';
import { LogReader } from './log.ts';
import { readSource } from './source.ts';

/** Lines of a log, or of one of those in it. */
export interface LogPart {
  /** Whose, in a capture of several machines. */
  sender: string | null;
  lines: readonly LogLine[];
}

/**
 * The lines of a log or a capture, as they are read; `onProblem` hears a sentence for what of it can't be. Errors: those
 * of `readSource`.
 */
export async function* readLogFile(
  file: string,
  onProblem: (sentence: string) => void,
): AsyncGenerator<LogPart, void, undefined> {
  const reader = new LogReader();
  let capture: CaptureLogs | null = null;
  let first = true;
  for await (const bytes of readSource(file)) {
    if (first && isCapture(bytes)) capture = new CaptureLogs();
    first = false;
    if (capture) yield* capture.take(bytes);
    else yield { sender: null, lines: reader.take(textOf(bytes)) };
  }
  if (capture) {
    yield* capture.finish();
    for (const problem of capture.problems) onProblem(problem);
  } else {
    yield { sender: null, lines: reader.finish() };
  }
}

const textOf = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
