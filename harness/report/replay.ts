import type { Cell, RecordEvent, Run } from '../lab/record.ts';
import { cellKey, compareCells, joinWords } from './cell.ts';
import { safe } from '../printk/safe.ts';

type EventOf<T extends RecordEvent['type']> = Extract<RecordEvent, { type: T }>;

/** A record's events, sorted out: what every report starts from. */
export interface Replay {
  start: EventOf<'start'> | undefined;
  /** In the order they were begun: that of the plan, whichever was the first to finish. */
  runs: Run[];
  /** Begun, and no outcome in the record. */
  unfinished: EventOf<'begin'>[];
  /** Absent when the lab was killed or is still at work. */
  end: EventOf<'end'> | undefined;
}

export function replay(events: readonly RecordEvent[]): Replay {
  const begins = events.filter((event) => event.type === 'begin');
  const places = new Map(begins.map(({ id }, place) => [id, place]));
  const placeOf = ({ id }: Run) => places.get(id) ?? Infinity;
  // A run without its beginning comes last, as it came: sort is stable.
  const runs = events.filter((event) => event.type === 'run').sort((a, b) => placeOf(a) - placeOf(b) || 0);
  const finished = new Set(runs.map((run) => run.id));
  return {
    start: events.find((event) => event.type === 'start'),
    runs,
    unfinished: begins.filter((begin) => !finished.has(begin.id)),
    end: events.find((event) => event.type === 'end'),
  };
}

/** A sentence when runs that were planned have no outcome: no report may look whole without them. */
export function shortfall({ start, runs, unfinished, end }: Replay): string | undefined {
  const planned = start?.runs ?? runs.length + unfinished.length;
  if (runs.length >= planned) return undefined;
  const begun = unfinished.map((begin) => safe(begin.id)).join(', ');
  return [
    `The record holds ${runs.length} of ${planned} planned runs: ${sayEnding(end)}.`,
    ...(begun === '' ? [] : [`Begun but not finished: ${begun}.`]),
  ].join(' ');
}

function sayEnding(end: Replay['end']): string {
  if (end === undefined) return 'the lab was killed or is still at work';
  return end.interrupted ? 'the user stopped it' : 'the lab ended early';
}

export interface CellRuns {
  cell: Cell;
  runs: Run[];
}

/** Runs by cell, cells in the order of their first run. */
export function runsByCell(runs: readonly Run[]): CellRuns[] {
  const groups = new Map<string, CellRuns>();
  for (const run of runs) {
    const key = cellKey(run.cell);
    const group = groups.get(key) ?? { cell: run.cell, runs: [] };
    group.runs.push(run);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Runs by scenario, scenarios in the order of their first run. */
export function runsByScenario(runs: readonly Run[]): Map<string, Run[]> {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const group = groups.get(run.scenario) ?? [];
    group.push(run);
    groups.set(run.scenario, group);
  }
  return groups;
}

/** Each reason that `reasonOf` gives, once, with the scenarios of its runs. */
export function scenariosBy(
  runs: readonly Run[],
  reasonOf: (run: Run) => string | null,
): Map<string, Set<string>> {
  const reasons = new Map<string, Set<string>>();
  for (const run of runs) {
    const reason = reasonOf(run);
    if (reason !== null) reasons.set(reason, (reasons.get(reason) ?? new Set()).add(run.scenario));
  }
  return reasons;
}

/** Why it was skipped; null where it was not. */
export const skippedBecause = (run: Run): string | null =>
  run.outcome === 'skipped' ? run.reason.message : null;

/** Says of a run what tells it from the others. */
export function nameAmong(runs: readonly Run[]): (run: Run) => string {
  const { differing } = compareCells(runsByCell(runs).map(({ cell }) => cell));
  const repeated = isRepeated(runs);
  return (run) =>
    joinWords([safe(run.scenario), ...differing(run.cell), ...(repeated ? [`#${run.repetition}`] : [])]);
}

/** True when any run was repeated, so that a run's number tells something. */
export function isRepeated(runs: readonly Run[]): boolean {
  return runs.some((run) => run.repetition > 1);
}
