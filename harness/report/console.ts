import type { RecordEvent, Run } from '../lab/record.ts';
import { joinWords } from './cell.ts';
import { type Detail, detailsOf } from './details.ts';
import { sayDuration } from './duration.ts';
import { columns, wrap } from './layout.ts';
import { legend } from './legend.ts';
import { measurementLines } from './measurements.ts';
import { type Paint, painter } from './paint.ts';
import { nameAmong, replay, type Replay, shortfall } from './replay.ts';
import { safe } from '../printk/safe.ts';
import {
  isSurprising,
  sayTally,
  sayUncompared,
  sayVerdict,
  type Standing,
  standingOf,
  STANDINGS,
} from './standing.ts';
import { verdictTable } from './table.ts';

/** How many missing records are shown of one run. */
const RECORDS_SHOWN = 10;

export interface ConsoleOptions {
  colour: boolean;
  /** In terminal columns; less than 20 is taken as 20. */
  width: number;
  /** Where the run record lies, seen from where the reader stands; for the paths of the evidence. */
  folder?: string;
  /** The record's last line was cut, so something happened that it does not tell. */
  truncated?: boolean;
}

/** The report at the end of a run: a table of verdicts, what is wrong and where to look, one line of sums. */
export function renderConsole(events: readonly RecordEvent[], options: ConsoleOptions): string {
  const width = Math.max(20, options.width);
  const paint = painter(options.colour);
  const record = replay(events);
  const { runs } = record;
  const nameOf = nameAmong(runs);
  const surprises = sameReasons(runs.filter(isSurprising)).flatMap(([run, ...alike]) => {
    const details = detailsOf(run, RECORDS_SHOWN, options.folder);
    const more = alike.length === 0 ? '' : ` and ${alike.length} more, for the same reason`;
    return detailLines(`${nameOf(run)}${more}: ${sayVerdict(run)}`, standingOf(run), details, width, paint);
  });
  const warnings = [
    shortfall(record) ?? [],
    madeTwice(runs),
    sayUncompared(runs),
    options.truncated === true ? 'The last line of the run record is cut in the middle.' : [],
  ].flat();
  return [
    ...(runs.length === 0 ? [] : [...verdictTable(runs, width, paint), '', ...legend(runs, width, paint)]),
    ...measurementLines(runs, width, paint),
    ...skipped(runs, width, paint),
    ...surprises,
    ...warnings.flatMap((text) => wrap(text, width)).map((line) => paint('unexpected difference', line)),
    ...sums(record, width).map((line) => paint('heading', line)),
    '',
  ].join('\n');
}

/** Why runs were not made, each reason once. */
function skipped(runs: readonly Run[], width: number, paint: Paint): string[] {
  const reasons = new Map<string, number>();
  for (const run of runs) {
    if (run.outcome === 'skipped')
      reasons.set(run.reason.message, (reasons.get(run.reason.message) ?? 0) + 1);
  }
  const lines = [...reasons].flatMap(([reason, count]) =>
    wrap(`skipped${count === 1 ? '' : ` (${count} runs)`}: ${safe(reason)}`, width, '– '),
  );
  return lines.length === 0 ? [] : [...lines.map((line) => paint('aside', line)), ''];
}

function madeTwice(runs: readonly Run[]): string[] {
  const count = runs.filter(({ attempts }) => attempts !== undefined && attempts > 1).length;
  if (count === 0) return [];
  const what = count === 1 ? '1 run was' : `${count} runs were`;
  return [
    `${what} made twice: what was lost the first time may have been lost to a busy host (HOST_STARVED).`,
  ];
}

function sums({ runs, end }: Replay, width: number): string[] {
  const tally = sayTally(runs);
  if (end === undefined) return wrap(tally, width);
  const duration = sayDuration(end.seconds);
  const line = joinWords([tally, duration]);
  return columns(line) <= width ? [line] : [...wrap(tally, width), duration];
}

/** Runs without a verdict come in flocks: a guest that doesn't boot fails each of them with the same words. */
function sameReasons(runs: readonly Run[]): [Run, ...Run[]][] {
  const flocks = new Map<string, [Run, ...Run[]]>();
  for (const run of runs) {
    const key = run.outcome === 'verdict' ? run.id : `${run.reason.code} ${run.reason.message}`;
    const flock = flocks.get(key);
    if (flock) flock.push(run);
    else flocks.set(key, [run]);
  }
  return [...flocks.values()];
}

function detailLines(
  title: string,
  standing: Standing,
  details: Detail[],
  width: number,
  paint: Paint,
): string[] {
  return [
    ...wrap(title, width, `${STANDINGS[standing].mark} `).map((line) => paint(standing, line)),
    ...details.flatMap(({ depth, text }) => wrap(text, width, depth === 0 ? '  ' : '    ')),
    '',
  ];
}
