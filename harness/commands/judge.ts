import { readLogFile } from '../field/read-log.ts';
import { type CrashLog, joinCrashLogs, readSegment } from '../oops/crash.ts';
import { Segments } from '../oops/segments.ts';
import { renderCrashes } from '../report/crashes.ts';
import type { ReportIo } from './report.ts';

/** Of the JSON document: raised when a field changes its meaning or goes. */
const VERSION = 1;

/** A log that was judged; of a capture each sender's. */
interface Judged {
  file: string;
  sender: string | null;
  log: CrashLog;
  /** What of the file could not be read. */
  problems: string[];
}

/**
 * `crashlab judge FILE…`: which crashes a log tells of, and whether each is whole. Returns 0 where nothing is missing
 * that must be there, 1 where a crash is damaged, its end can't be proved, or a file can't be read to its end. Throws for
 * one that can't be read at all.
 */
export async function judgeCommand(
  files: readonly string[],
  options: { json?: boolean },
  io: ReportIo,
): Promise<number> {
  const logs: Judged[] = [];
  for (const file of files) logs.push(...(await judgeFile(file)));
  if (options.json) {
    const shown = logs.map(({ log: { crashes, whole, why }, ...rest }) => ({ ...rest, crashes, whole, why }));
    io.stdout(`${JSON.stringify({ version: VERSION, logs: shown }, null, 2)}\n`);
  } else {
    for (const judged of logs) io.stdout(renderCrashes(judged, io));
  }
  return logs.every(isWell) ? 0 : 1;
}

function isWell({ log, problems }: Judged): boolean {
  return problems.length === 0 && (log.crashes.length === 0 || log.whole === true);
}

async function judgeFile(file: string): Promise<Judged[]> {
  const senders = new Map<string | null, { segments: Segments; logs: CrashLog[] }>();
  const problems: string[] = [];
  for await (const { sender, lines } of readLogFile(file, (problem) => problems.push(problem))) {
    const known = senders.get(sender) ?? { segments: new Segments(), logs: [] };
    senders.set(sender, known);
    for (const line of lines) {
      for (const segment of known.segments.take(line)) known.logs.push(readSegment(segment));
    }
  }
  if (senders.size === 0) senders.set(null, { segments: new Segments(), logs: [] });
  return [...senders].map(([sender, { segments, logs }], at) => ({
    file,
    sender,
    log: joinCrashLogs([...logs, ...segments.finish().map(readSegment)]),
    problems: at === 0 ? problems : [],
  }));
}
