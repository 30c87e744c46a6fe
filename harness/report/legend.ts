import type { Run } from '../lab/record.ts';
import { joinWords } from './cell.ts';
import { wrap } from './layout.ts';
import type { Paint } from './paint.ts';
import { safe } from '../printk/safe.ts';
import { knownBecause, standingOf, STANDINGS } from './standing.ts';

const LEGEND: [mark: string, meaning: string][] = [
  ['✓', 'complete, as expected'],
  ['○', 'lost, as expected'],
  ['–', 'skipped'],
  ['?', 'no verdict'],
  ['!', 'complete, though a loss is known'],
  ['✗', 'not as expected'],
];

/** What the marks in the table mean, and why the known losses are known; nothing where all is complete. */
export function legend(runs: readonly Run[], width: number, paint: Paint): string[] {
  const present = new Set(runs.map((run) => STANDINGS[standingOf(run)].mark));
  if (present.size === 1 && present.has('✓')) return [];
  const meanings = LEGEND.filter(([mark]) => present.has(mark)).map((entry) => entry.join(' '));
  const lines = [
    ...wrap(joinWords(meanings), width),
    ...reasonsForLoss(runs).flatMap((reason) => wrap(`known loss: ${reason}`, width, '○ ')),
  ];
  return [...lines.map((line) => paint('aside', line)), ''];
}

function reasonsForLoss(runs: readonly Run[]): string[] {
  return [...new Set(runs.map((run) => safe(knownBecause(run) ?? '')))].filter((reason) => reason !== '');
}
