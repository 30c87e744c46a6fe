import { readLogText } from '../field/log.ts';
import { readSource } from '../field/source.ts';
import { type CrashLog, readCrashes } from '../oops/crash.ts';
import { toByteString } from '../printk/byte-string.ts';
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
  for (const file of files) {
    const lines = readLogText(toByteString(await readSource(file)));
    logs.push({ file, log: readCrashes(lines) });
  }
  if (options.json) {
    const shown = logs.map(({ file, log: { crashes, whole, why } }) => ({ file, crashes, whole, why }));
    io.stdout(`${JSON.stringify({ version: VERSION, logs: shown }, null, 2)}\n`);
  } else {
    for (const { file, log } of logs) io.stdout(renderCrashes(file, log, io));
  }
  return logs.every(({ log }) => log.crashes.length === 0 || log.whole === true) ? 0 : 1;
}
