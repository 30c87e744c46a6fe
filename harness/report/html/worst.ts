import type { Run } from '../../lab/record.ts';
import { standingOf, STANDINGS } from '../standing.ts';

export const badnessOf = (run: Run) => STANDINGS[standingOf(run)].badness;

/** Those come first that a person came for. */
export const worstFirst = (runs: readonly Run[]) =>
  runs.toSorted((one, other) => badnessOf(other) - badnessOf(one));
