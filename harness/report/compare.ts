import type { Cell, RecordEvent, Run } from '../lab/record.ts';
import { cellKey } from './cell.ts';
import { adjusted, fisherExact } from './fisher.ts';
import { replay, runsByCell, runsByScenario } from './replay.ts';
import { standingOf } from './standing.ts';

/** The repetitions of one experiment. */
export interface Series {
  /** Runs that have a verdict. */
  total: number;
  /** Of these, where something did not arrive, or which ended otherwise than it should. */
  bad: number;
  /** Without a verdict. */
  none: number;
  runs: Run[];
}

/**
 * `worse` and `better` are sure; `perhaps` where chance would do as much; `no verdict any more` where there was one;
 * `same`: nothing differs.
 */
export type Change =
  | 'worse'
  | 'no verdict any more'
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
  base: Series | null;
  next: Series | null;
  /** Fisher's exact test, two-sided, of bad against good runs; null where one side has none. */
  chance: number | null;
  /** The same, adjusted for the number of experiments compared: below 0.05 it is called sure. */
  adjusted: number | null;
}

/** Above it, chance would do as much. */
const SURE = 0.05;

/**
 * Each experiment of two records held against each other. Where all runs of one side are good and all of the other bad
 * the change is taken for one, however few they are: the lab repeats what it did. Everything between is left to the test.
 */
export function compareRecords(base: readonly RecordEvent[], next: readonly RecordEvent[]): Comparison[] {
  const [before, after] = [experiments(base), experiments(next)];
  const pairs = [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [one, other] = [before.get(key) ?? null, after.get(key) ?? null];
    const run = (other ?? one)?.runs[0];
    return run ? [{ scenario: run.scenario, cell: run.cell, base: one, next: other }] : [];
  });
  const chances = pairs.map(({ base: one, next: other }) =>
    one && other && one.total > 0 && other.total > 0 ? fisherExact(one, other) : null,
  );
  const tested = adjusted(chances.filter((chance) => chance !== null));
  let at = 0;
  return pairs.map((pair, index) => {
    const chance = chances[index] ?? null;
    const sure = chance === null ? null : (tested[at++] ?? 1);
    return { ...pair, change: changeOf(pair.base, pair.next, sure), chance, adjusted: sure };
  });
}

function experiments(events: readonly RecordEvent[]): Map<string, Series> {
  const found = new Map<string, Series>();
  for (const [scenario, own] of runsByScenario(replay(events).runs)) {
    for (const { cell, runs } of runsByCell(own)) {
      const made = runs.filter(({ outcome }) => outcome !== 'skipped');
      if (made.length === 0) continue;
      const verdicts = made.filter((run) => standingOf(run) !== 'no verdict');
      found.set(JSON.stringify([scenario, cellKey(cell)]), {
        total: verdicts.length,
        bad: verdicts.filter(isBad).length,
        none: made.length - verdicts.length,
        runs: made,
      });
    }
  }
  return found;
}

/** What is expected may have changed between two records: what happened counts. */
function isBad(run: Run): boolean {
  if (run.outcome !== 'verdict') return false;
  return run.wire.status === 'incomplete' || standingOf(run) === 'unexpected difference';
}

function changeOf(base: Series | null, next: Series | null, chance: number | null): Change {
  if (base === null) return 'appeared';
  if (next === null) return 'vanished';
  if (chance === null) {
    if (base.total > 0) return 'no verdict any more';
    return next.total > 0 ? 'appeared' : 'same';
  }
  const [before, after] = [base.bad / base.total, next.bad / next.total];
  if (before === after) return 'same';
  const worse = after > before;
  const clear = Math.abs(after - before) === 1 || chance < SURE;
  if (clear) return worse ? 'worse' : 'better';
  return worse ? 'perhaps worse' : 'perhaps better';
}

/** Whether this is a regression: what a CI must not let through. */
export const isRegression = ({ change }: Comparison) =>
  change === 'worse' || change === 'no verdict any more';
