import { type Call, findPlaces, type Places } from '../field/places.ts';
import { LogJudge } from '../field/log-judge.ts';
import { readLogFile } from '../field/read-log.ts';
import { lostIn, type Transport } from '../field/transport.ts';
import { holdAgainst, lackedBy } from '../field/witness.ts';
import type { Crash, CrashLog } from '../oops/crash.ts';
import { type Lacked, lackingSentence, renderCrashes, sourceName } from '../report/crashes.ts';
import { renderDocument } from '../report/json.ts';
import type { ReportIo } from './report.ts';

/** Of the JSON document: raised when a field changes its meaning or goes. */
const VERSION = 1;

/** A log that was judged; of a capture each sender's, of one that several machines wrote each one's. */
interface Judged {
  file: string;
  sender: string | null;
  judge: LogJudge;
  /** What was lost on the way here; null where nothing in it would tell. */
  transport: Transport | null;
  /** What of the file could not be read. */
  problems: string[];
  /** The same crashes in other logs. */
  witnesses: { crash: number; log: number; otherCrash: number; lacks: string[] }[];
  /** Crashes that another log of the same boot has, and this one lacks. */
  lacks: Lacked[];
}

/**
 * `crashlab judge FILE…`: which crashes a log tells of, and whether each is whole; several logs are held against each
 * other. Returns 0 where nothing is missing that must be there, 1 where a crash is damaged, its end can't be proved,
 * records were lost on their way, or a file can't be read to its end. Throws for one that can't be read at all, behind
 * the others' judgements.
 */
export async function judgeCommand(
  files: readonly string[],
  options: { json?: boolean; vmlinux?: string },
  io: ReportIo,
): Promise<number> {
  const logs: Judged[] = [];
  const failures: unknown[] = [];
  for (const file of files) {
    try {
      logs.push(...(await judgeFile(file, files.length > 1)));
    } catch (error) {
      failures.push(error);
    }
  }
  // What one file is does not hang on another's being there.
  if (logs.length === 0) throw failures[0];
  compare(logs);
  const read = logs.map(({ file, sender, judge, transport, problems, witnesses, lacks }) => {
    const { crashes, unlisted, whole, why } = judge.log;
    return { file, sender, problems, transport, crashes, unlisted, whole, why, witnesses, lacks };
  });
  const shown = options.vmlinux === undefined ? read : await placed(read, options.vmlinux);
  if (options.json) {
    io.stdout(renderDocument({ version: VERSION, logs: shown }));
  } else {
    for (const [at, { witnesses, ...log }] of shown.entries()) {
      const apart = at > 0 && log.crashes.length > 0 ? '\n' : '';
      io.stdout(`${apart}${renderCrashes(log, agreeing(log, witnesses, logs), io)}`);
    }
  }
  if (failures.length > 0) throw failures[0];
  return shown.every(isWell) ? 0 : 1;
}

/** With the places of its calls in the source, as far as they are found. */
async function placed<T extends { crashes: Crash[] }>(logs: readonly T[], vmlinux: string) {
  const calls = logs.flatMap(({ crashes }) => crashes.flatMap(callsOf));
  const places = await findPlaces(vmlinux, calls);
  return logs.map((log) => ({
    ...log,
    crashes: log.crashes.map((crash) => ({ ...crash, places: placesOf(crash, places) })),
  }));
}

function callsOf({ counter, calls }: Crash): Call[] {
  const traced = calls.map((call) => ({ call, returns: true }));
  return counter === null ? traced : [{ call: counter, returns: false }, ...traced];
}

/** Of those of its calls that were found. */
function placesOf(crash: Crash, places: Places): { call: string; at: string[] }[] {
  return callsOf(crash).flatMap((call) => {
    const at = places(call);
    return at ? [{ call: call.call, at }] : [];
  });
}

function isWell({ crashes, whole, transport, problems, lacks }: Shown): boolean {
  const isJudged = crashes.length === 0 || whole === true;
  return problems.length === 0 && lacks.length === 0 && lostIn(transport) === 0 && isJudged;
}

type Shown = Pick<CrashLog, 'whole'> &
  Pick<Judged, 'problems' | 'transport' | 'lacks'> & { crashes: readonly unknown[] };

async function judgeFile(file: string, compares: boolean): Promise<Judged[]> {
  const senders = new Map<string | null, LogJudge>();
  const problems: string[] = [];
  const transports = new Map<string | null, Transport>();
  let isCaptured = false;
  for await (const part of readLogFile(file, (problem) => problems.push(problem))) {
    const judge = senders.get(part.sender) ?? new LogJudge(compares);
    senders.set(part.sender, judge);
    judge.take(part.lines);
    judge.doubt(part.doubts ?? []);
    if (part.transport) transports.set(part.sender, part.transport);
    ({ isCaptured } = part);
  }
  for (const judge of senders.values()) judge.finish();
  // Before the first line that says whose it is may stand anything.
  const isNothing = senders.get(null)?.log.crashes.length === 0 && !transports.has(null);
  if (senders.size > 1 && isNothing) senders.delete(null);
  if (senders.size === 0) senders.set(null, new LogJudge(false));
  const isOne = senders.size === 1 && !isCaptured;
  return [...senders].map(([sender, judge], at) => {
    const transport = transports.get(sender) ?? null;
    const of = isOne ? null : sender;
    return {
      file,
      sender: of,
      judge,
      transport,
      problems: at === 0 ? problems : [],
      witnesses: [],
      lacks: [],
    };
  });
}

/** Each log with each of another file; what one has and the other lacks damages that. */
function compare(logs: readonly Judged[]): void {
  for (const [at, log] of logs.entries()) {
    for (const [otherAt, other] of logs.entries()) {
      if (otherAt <= at || other.file === log.file) continue;
      const compared = holdAgainst(log.judge.testimonies, other.judge.testimonies);
      for (const { first, second, lacks } of compared) {
        note(log, { crash: first, log: otherAt, otherCrash: second, lacks: lacks.first }, other);
        note(other, { crash: second, log: at, otherCrash: first, lacks: lacks.second }, log);
      }
      if (!log.judge.boot.isThatOf(other.judge.boot)) continue;
      miss(other, logs, at, new Set(compared.map(({ first }) => first)));
      miss(log, logs, otherAt, new Set(compared.map(({ second }) => second)));
    }
  }
}

/** Which crashes the other one has that a log of the same boot lacks. */
function miss(log: Judged, logs: readonly Judged[], otherAt: number, told: ReadonlySet<number>): void {
  const other = logs[otherAt];
  if (!other) return;
  for (const { crash } of lackedBy(log.judge.boot, other.judge.testimonies, told))
    log.lacks.push({ log: otherAt, name: sourceName(other), headline: crash.headline });
}

function note(log: Judged, witness: Judged['witnesses'][number], other: Judged): void {
  log.witnesses.push(witness);
  if (witness.lacks.length === 0) return;
  const headline = log.judge.testimonies[witness.crash]?.crash.headline ?? '';
  log.judge.damage([lackingSentence(witness.lacks, headline, sourceName(other))]);
}

/** Names of the logs that have each of its crashes, and nothing more of any. */
function agreeing(
  { crashes, unlisted }: Pick<CrashLog, 'crashes' | 'unlisted'>,
  witnesses: Judged['witnesses'],
  logs: readonly Judged[],
): string[] {
  return logs
    .filter((_, at) => {
      const own = witnesses.filter(({ log }) => log === at);
      return own.length === crashes.length + unlisted && own.every(({ lacks }) => lacks.length === 0);
    })
    .map(sourceName);
}
