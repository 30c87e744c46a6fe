import type { Run } from '../lab/record.ts';
import { fisherExact } from './fisher.ts';
import { rankSum } from './rank-sum.ts';
import { isNews, standingOf } from './standing.ts';

/** The repetitions of one experiment. */
export interface Series {
  /** Runs that were made: those with a verdict, and those without. */
  runs: Run[];
  none: number;
  total: number;
  /** Of those with a verdict: where something did not arrive, or which ended otherwise than they should. */
  bad: number;
  /** Of those with a verdict: not as they were expected to be, and no good news. */
  unexpected: number;
}

/** By what two series are told apart, the gravest first. */
const OF_RUNS = ['without a verdict', 'not whole', 'not as expected'] as const;
type RunCriterion = (typeof OF_RUNS)[number];
export type Criterion = RunCriterion | 'records lost';

export interface Difference {
  by: Criterion;
  worse: boolean;
  /** All of one side and none of the other, and chance has no part in it. */
  clear: boolean;
  /** Of counts of runs Fisher's exact test, of counts of records the rank-sum test; both two-sided. */
  chance: number;
}

/** The runs of an experiment that were made. */
export function seriesOf(made: Run[]): Series {
  const verdicts = made.filter(hasVerdict);
  return {
    runs: made,
    none: made.length - verdicts.length,
    total: verdicts.length,
    bad: verdicts.filter(isBad).length,
    unexpected: verdicts.filter((run) => !run.expected && !isNews(run)).length,
  };
}

/** What nobody can decide is no verdict. */
const hasVerdict = (run: Run) => run.outcome === 'verdict' && run.wire.status !== 'undecidable';

function isBad(run: Run): boolean {
  if (run.outcome !== 'verdict') return false;
  return run.wire.status === 'incomplete' || standingOf(run) === 'unexpected difference';
}

/** In what two series differ. */
export function differencesOf(base: Series, next: Series): Difference[] {
  const ofRuns = OF_RUNS.flatMap((by) => runsDiffer(by, base, next) ?? []);
  return [...ofRuns, ...lossesDiffer(base.runs, next.runs)];
}

function runsDiffer(by: RunCriterion, base: Series, next: Series): Difference | null {
  const [before, after] = [counted(base, by), counted(next, by)];
  if (before.total === 0 || after.total === 0) return null;
  const [was, is] = [before.bad / before.total, after.bad / after.total];
  if (was === is) return null;
  const clear = Math.abs(is - was) === 1 && ![...base.runs, ...next.runs].some(isLeftToChance);
  return { by, worse: is > was, clear, chance: fisherExact(before, after) };
}

function counted(series: Series, by: RunCriterion): { bad: number; total: number } {
  const { none, total, bad, unexpected, runs } = series;
  if (by === 'without a verdict') return { bad: none, total: runs.length };
  return { bad: by === 'not whole' ? bad : unexpected, total };
}

const isLeftToChance = (run: Run) => run.outcome === 'verdict' && run.expectation.wire === 'either';

/** Less than this is no difference: kernels write a line more or less. */
const FEWEST_RECORDS = 2;
const LEAST_PART = 0.1;
const LEAST_SHARE = 0.01;

/** Of runs that lost something: whether one side lost more, and a larger share of what was written. */
function lossesDiffer(base: readonly Run[], next: readonly Run[]): Difference[] {
  const [before, after] = [base.flatMap(lossIn), next.flatMap(lossIn)];
  if (before.length === 0 || after.length === 0) return [];
  const records = [before, after].map((losses) => median(losses.map((loss) => loss.records)));
  const shares = [before, after].map((losses) => median(losses.map((loss) => loss.share)));
  const [was = 0, is = 0] = records;
  const more = is - was;
  const larger = (shares[1] ?? 0) - (shares[0] ?? 0);
  const enough = Math.max(FEWEST_RECORDS, LEAST_PART * Math.max(was, is));
  if (Math.abs(more) < enough || Math.abs(larger) < LEAST_SHARE || more > 0 !== larger > 0) return [];
  const chance = rankSum(
    before.map(({ share }) => share),
    after.map(({ share }) => share),
  );
  return [{ by: 'records lost', worse: more > 0, clear: false, chance }];
}

function lossIn(run: Run): { records: number; share: number }[] {
  if (run.outcome !== 'verdict' || run.wire.status !== 'incomplete') return [];
  const { missing, torn, doubled, misplaced, written } = run.wire;
  const records = missing.length + torn.length + doubled.length + misplaced.length;
  return [{ records, share: records / Math.max(1, written) }];
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2;
}
