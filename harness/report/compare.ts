import type { Cell, RecordEvent, Run } from '../lab/record.ts';
import { type Criterion, type Difference, differencesOf, type Series, seriesOf } from './differences.ts';
import { adjusted } from './fisher.ts';
import { replay, runsByCell, runsByScenario, shortfall } from './replay.ts';

/** `perhaps`: chance would do as much. */
export type Change =
  | 'worse'
  | 'perhaps worse'
  | 'better'
  | 'perhaps better'
  | 'same'
  | 'appeared'
  | 'vanished';

export interface Comparison {
  scenario: string;
  cell: Cell;
  change: Change;
  /** What of the two differs; null where nothing does. */
  by: Criterion | null;
  base: Series | null;
  next: Series | null;
  /** How likely chance does as much; null where nothing differs. */
  chance: number | null;
  /**
   * The same, adjusted for all that differs in the records. Below 0.05 the change is called sure; and where all
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
  const [before, after] = [seriesIn(base, ignored), seriesIn(next, ignored)];
  const pairs = [...new Set([...before.keys(), ...after.keys()])].map((key) => ({
    base: before.get(key) ?? null,
    next: after.get(key) ?? null,
  }));
  const differences = pairs.map(({ base: one, next: other }) =>
    one && other ? differencesOf(one, other) : [],
  );
  const chances = adjusted(differences.flat().map(({ chance }) => chance));
  let at = 0;
  const experiments = pairs.flatMap(({ base: one, next: other }, index): Comparison[] => {
    const told = gravest(
      (differences[index] ?? []).map((each) => ({ ...each, adjusted: chances[at++] ?? 1 })),
    );
    const [run] = (other ?? one)?.runs ?? [];
    if (!run) return [];
    const { scenario, cell } = run;
    const change = one && other ? told.change : other ? 'appeared' : 'vanished';
    return [{ ...told, scenario, cell, change, base: one, next: other }];
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
  const both = experiments.filter(({ base: one, next: other }) => one && other);
  const unknown = both.filter(({ base: one, next: other }) => one?.total === 0 && other?.total === 0).length;
  return [
    ...(short[0] === undefined ? [] : [`Of the record before: ${short[0]}`]),
    ...(short[1] === undefined ? [] : [`Of the record now: ${short[1]}`]),
    ...(unknown === 0
      ? []
      : [
          `${unknown === 1 ? '1 experiment has' : `${unknown} experiments have`} no verdict in either record.`,
        ]),
    ...(both.length > 0 ? [] : ['No experiment is in both records: nothing is compared.']),
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

function seriesIn(events: readonly RecordEvent[], ignored: ReadonlySet<keyof Cell>): Map<string, Series> {
  const found = new Map<string, Series>();
  for (const [scenario, own] of runsByScenario(runsOf(events))) {
    for (const { cell, runs } of runsByCell(own)) {
      const made = runs.filter(({ outcome }) => outcome !== 'skipped');
      if (made.length === 0) continue;
      const kept = Object.entries(cell).filter(([dimension]) => !ignored.has(dimension as keyof Cell));
      found.set(JSON.stringify([scenario, kept]), seriesOf(made));
    }
  }
  return found;
}

const GRAVITY: readonly Change[] = ['worse', 'perhaps worse', 'better', 'perhaps better'];

/** What is said of two series that differ in so many ways: the worst of it. */
function gravest(
  differences: (Difference & { adjusted: number })[],
): Pick<Comparison, 'change' | 'by' | 'chance' | 'adjusted'> {
  const told = differences.map((difference) => ({ ...difference, change: changeOf(difference) }));
  const [worst] = GRAVITY.flatMap((change) => told.filter((one) => one.change === change));
  if (!worst) return { change: 'same', by: null, chance: null, adjusted: null };
  const { change, by, chance, adjusted: sure } = worst;
  return { change, by, chance, adjusted: sure };
}

function changeOf({ worse, clear, adjusted: sure }: Difference & { adjusted: number }): Change {
  if (clear || sure < SURE) return worse ? 'worse' : 'better';
  return worse ? 'perhaps worse' : 'perhaps better';
}

/** Whether a CI must not let this through: something got worse, or it is not known. */
export const isRegression = ({ experiments, problems }: RecordComparison) =>
  problems.length > 0 || experiments.some(({ change }) => change === 'worse');
