import type { Cell, RecordEvent, Run } from '../lab/record.ts';
import { adjusted, fisherExact } from './fisher.ts';
import { replay, runsByCell, runsByScenario, shortfall } from './replay.ts';
import { standingOf } from './standing.ts';

/** The repetitions of one experiment. */
export interface Series {
  /** Runs that were made: those with a verdict, and those without. */
  runs: Run[];
  none: number;
  total: number;
  /** Of those with a verdict: where something did not arrive, or which ended otherwise than they should. */
  bad: number;
  /** Of those with a verdict: not as they were expected to be. */
  unexpected: number;
}

/** `perhaps`: chance would do as much. */
export type Change =
  | 'worse'
  | 'perhaps worse'
  | 'better'
  | 'perhaps better'
  | 'same'
  | 'appeared'
  | 'vanished';

/** By what two series were told apart, the gravest first. */
const CRITERIA = ['without a verdict', 'not whole', 'not as expected'] as const;
type Criterion = (typeof CRITERIA)[number];

export interface Comparison {
  scenario: string;
  cell: Cell;
  change: Change;
  /** What of the two differs; null where nothing does. */
  by: Criterion | null;
  base: Series | null;
  next: Series | null;
  /** Fisher's exact test of that, two-sided; null where nothing differs. */
  chance: number | null;
  /**
   * The same, adjusted for the number of experiments that differ. Below 0.05 the change is called sure; and where all
   * of one side are so and none of the other, unless the scenario is one whose loss is left to chance.
   */
  adjusted: number | null;
}

export interface RecordComparison {
  experiments: Comparison[];
  /** Dimensions of the matrix in which the records differ as wholes: that is what is compared. */
  between: { dimension: keyof Cell; base: string; next: string }[];
  /** What keeps the comparison from being one, a sentence each. */
  problems: string[];
}

/** Above it, chance would do as much. */
export const SURE = 0.05;

/** Holds each experiment of two records against the other's. */
export function compareRecords(base: readonly RecordEvent[], next: readonly RecordEvent[]): RecordComparison {
  const between = dimensionsBetween(runsOf(base), runsOf(next));
  const ignored = new Set(between.map(({ dimension }) => dimension));
  const [before, after] = [seriesOf(base, ignored), seriesOf(next, ignored)];
  const pairs = [...new Set([...before.keys(), ...after.keys()])].map((key) => ({
    base: before.get(key) ?? null,
    next: after.get(key) ?? null,
  }));
  const differences = pairs.map((pair) => differenceOf(pair));
  const chances = adjusted(differences.flatMap((one) => one?.chance ?? []));
  let at = 0;
  const experiments = pairs.flatMap(({ base: one, next: other }, index): Comparison[] => {
    const [run] = (other ?? one)?.runs ?? [];
    const difference = differences[index] ?? null;
    const sure = difference === null ? null : (chances[at++] ?? 1);
    if (!run) return [];
    const { scenario, cell } = run;
    const change = one && other ? changeOf(difference, sure ?? 1) : other ? 'appeared' : 'vanished';
    const told = { by: difference?.by ?? null, chance: difference?.chance ?? null, adjusted: sure };
    return [{ scenario, cell, change, base: one, next: other, ...told }];
  });
  return { experiments, between, problems: problemsOf(base, next, experiments) };
}

const runsOf = (events: readonly RecordEvent[]) => replay(events).runs;

function problemsOf(
  base: readonly RecordEvent[],
  next: readonly RecordEvent[],
  experiments: readonly Comparison[],
): string[] {
  const short = [shortfall(replay(base)), shortfall(replay(next))];
  const both = experiments.some(({ base: one, next: other }) => one && other);
  return [
    ...(short[0] === undefined ? [] : [`Of the record before: ${short[0]}`]),
    ...(short[1] === undefined ? [] : [`Of the record now: ${short[1]}`]),
    ...(both ? [] : ['No experiment is in both records: nothing is compared.']),
  ];
}

/** Where each record has one value of a dimension and the other another, as with two kernels. */
function dimensionsBetween(base: readonly Run[], next: readonly Run[]): RecordComparison['between'] {
  const [first] = next;
  if (!first) return [];
  return (Object.keys(first.cell) as (keyof Cell)[]).flatMap((dimension) => {
    const [before, after] = [base, next].map((runs) => [
      ...new Set(runs.map(({ cell }) => String(cell[dimension]))),
    ]);
    const [one, other] = [before?.[0], after?.[0]];
    if (before?.length !== 1 || after?.length !== 1 || one === undefined || other === undefined) return [];
    return one === other ? [] : [{ dimension, base: one, next: other }];
  });
}

function seriesOf(events: readonly RecordEvent[], ignored: ReadonlySet<keyof Cell>): Map<string, Series> {
  const found = new Map<string, Series>();
  for (const [scenario, own] of runsByScenario(runsOf(events))) {
    for (const { cell, runs } of runsByCell(own)) {
      const made = runs.filter(({ outcome }) => outcome !== 'skipped');
      if (made.length === 0) continue;
      const kept = Object.entries(cell).filter(([dimension]) => !ignored.has(dimension as keyof Cell));
      const verdicts = made.filter(hasVerdict);
      found.set(JSON.stringify([scenario, kept]), {
        runs: made,
        none: made.length - verdicts.length,
        total: verdicts.length,
        bad: verdicts.filter(isBad).length,
        unexpected: verdicts.filter(({ expected }) => !expected).length,
      });
    }
  }
  return found;
}

/** What nobody can decide is no verdict. */
const hasVerdict = (run: Run) => run.outcome === 'verdict' && run.wire.status !== 'undecidable';

function isBad(run: Run): boolean {
  if (run.outcome !== 'verdict') return false;
  return run.wire.status === 'incomplete' || standingOf(run) === 'unexpected difference';
}

interface Difference {
  by: Criterion;
  worse: boolean;
  /** All of one side and none of the other, and chance has no part in it. */
  clear: boolean;
  chance: number;
}

/** The gravest criterion by which the two differ; null where none does. */
function differenceOf({ base, next }: { base: Series | null; next: Series | null }): Difference | null {
  if (!base || !next) return null;
  for (const by of CRITERIA) {
    const [before, after] = [counted(base, by), counted(next, by)];
    if (before.total === 0 || after.total === 0) continue;
    const [was, is] = [before.bad / before.total, after.bad / after.total];
    if (was === is) continue;
    const clear = Math.abs(is - was) === 1 && ![...base.runs, ...next.runs].some(isLeftToChance);
    return { by, worse: is > was, clear, chance: fisherExact(before, after) };
  }
  return null;
}

function counted(series: Series, by: Criterion): { bad: number; total: number } {
  const { none, total, bad, unexpected, runs } = series;
  if (by === 'without a verdict') return { bad: none, total: runs.length };
  return { bad: by === 'not whole' ? bad : unexpected, total };
}

const isLeftToChance = (run: Run) => run.outcome === 'verdict' && run.expectation.wire === 'either';

function changeOf(difference: Difference | null, chance: number): Change {
  if (difference === null) return 'same';
  const { worse, clear } = difference;
  if (clear || chance < SURE) return worse ? 'worse' : 'better';
  return worse ? 'perhaps worse' : 'perhaps better';
}

/** Whether a CI must not let this through: something got worse, or it is not known. */
export const isRegression = ({ experiments, problems }: RecordComparison) =>
  problems.length > 0 || experiments.some(({ change }) => change === 'worse');
