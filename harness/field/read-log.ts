import type { LogLine } from '../oops/log-line.ts';
import { LogReader } from './log.ts';
import { readSource } from './source.ts';

/** The lines of a log, as they are read. Errors: those of `readSource`. */
export async function* readLogFile(file: string): AsyncGenerator<readonly LogLine[], void, undefined> {
  const reader = new LogReader();
  for await (const bytes of readSource(file)) {
    yield reader.take(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
  }
  yield reader.finish();
}
