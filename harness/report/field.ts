import type { Run } from '../lab/record.ts';
import { columns } from './layout.ts';
import type { Paint } from './paint.ts';
import { sayDistribution, STANDINGS, worstOf } from './standing.ts';

/** Mark and words for the repetitions of one scenario in one cell; a dot where it was not planned. */
export function sayField(runs: readonly Run[]): string {
  if (runs.length === 0) return '·';
  const worst = worstOf(runs);
  // What differs is then something else than the loss that the words tell.
  const aside = worst === 'unexpected difference' ? ' (differs)' : '';
  return `${STANDINGS[worst].mark} ${sayDistribution(runs)}${aside}`;
}

/** The same in colour, filled up to a width: colour codes take no column, so they come after all measuring. */
export function paintField(runs: readonly Run[], width: number, paint: Paint): string {
  const text = sayField(runs);
  const style = runs.length === 0 ? 'aside' : worstOf(runs);
  return paint(style, text) + ' '.repeat(Math.max(0, width - columns(text)));
}
