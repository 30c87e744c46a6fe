import { readLogFile } from '../field/read-log.ts';
import { type CrashLog, joinCrashLogs, readSegment } from '../oops/crash.ts';
import { Segments } from '../oops/segments.ts';
import { renderCrashes } from '../report/crashes.ts';
import type { ReportIo } from './report.ts';

/** Of the JSON document: raised when a field changes its meaning or goes. */
const VERSION = 1;

/**
 * `crashlab judge FILE…`: which crashes a log tells of, and whether each is whole. Returns 0 where nothing is missing
 * that must be there, 1 where a crash is damaged or its end can't be proved. Throws for a file that can't be read.
 */
export async function judgeCommand(
  files: readonly string[],
  options: { json?: boolean },
  io: ReportIo,
): Promise<number> {
  const logs: { file: string; log: CrashLog }[] = [];
  for (const file of files) logs.push({ file, log: await judgeFile(file) });
  if (options.json) {
    const shown = logs.map(({ file, log: { crashes, whole, why } }) => ({ file, crashes, whole, why }));
    io.stdout(`${JSON.stringify({ version: VERSION, logs: shown }, null, 2)}\n`);
  } else {
    for (const { file, log } of logs) io.stdout(renderCrashes(file, log, io));
  }
  return logs.every(({ log }) => log.crashes.length === 0 || log.whole === true) ? 0 : 1;
}

async function judgeFile(file: string): Promise<CrashLog> {
  const segments = new Segments();
  const logs: CrashLog[] = [];
  for await (const lines of readLogFile(file)) {
    for (const line of lines) {
      for (const segment of segments.take(line)) logs.push(readSegment(segment));
    }
  }
  return joinCrashLogs([...logs, ...segments.finish().map(readSegment)]);
}
