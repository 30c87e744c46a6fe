import { compareCells, joinWords } from './cell.ts';
import { type Change, type Comparison, type RecordComparison, SURE } from './compare.ts';
import type { Series } from './differences.ts';
import { wrap } from './layout.ts';
import { type Paint, painter } from './paint.ts';
import { safe } from '../printk/safe.ts';
import { sayDistribution, type Standing, worstOf } from './standing.ts';

/** In the order they are told; what is the same is only counted. */
export const CHANGES: { change: Change; title: string; mark: string; style: Standing }[] = [
  { change: 'worse', title: 'Worse', mark: '✗', style: 'unexpected loss' },
  {
    change: 'perhaps worse',
    title: 'Perhaps worse: chance would do as much',
    mark: '?',
    style: 'no verdict',
  },
  { change: 'better', title: 'Better', mark: '✓', style: 'complete' },
  {
    change: 'perhaps better',
    title: 'Perhaps better: chance would do as much',
    mark: '?',
    style: 'no verdict',
  },
  { change: 'appeared', title: 'New', mark: '+', style: 'complete' },
  { change: 'vanished', title: 'Gone', mark: '−', style: 'known loss' },
];

/** What changed between two records, for a person. */
export function renderComparison(
  comparison: RecordComparison,
  { colour, width }: { colour: boolean; width: number },
): string {
  const { experiments } = comparison;
  const paint = painter(colour);
  const nameOf = namesAmong(experiments);
  const sections = CHANGES.flatMap(({ change, title, mark, style }) => {
    const own = experiments.filter((one) => one.change === change);
    if (own.length === 0) return [];
    return [
      ...wrap(title, width).map((line) => paint('heading', line)),
      ...own.flatMap((one) => lines(one, nameOf(one), mark, styleOf(one, style), paint, width)),
      '',
    ];
  });
  const between = sayBetween(comparison);
  return [
    ...(between === '' ? [] : [...wrap(between, width), '']),
    ...sections,
    ...comparison.problems
      .flatMap((problem) => wrap(problem, width))
      .map((line) => paint('unexpected loss', line)),
    ...wrap(sayComparison(comparison), width).map((line) => paint('heading', line)),
    '',
  ].join('\n');
}

/** `kernel 6.1, then 6.12`; empty where both records are of the same. */
export function sayBetween({ between }: RecordComparison): string {
  return between
    .map(({ dimension, base, next }) => `${dimension} ${safe(base)}, then ${safe(next)}`)
    .join(' · ');
}

/** `3 compared: 1 worse, 2 the same`. */
export function sayComparison({ experiments, problems }: RecordComparison): string {
  const count = (wanted: Change) => experiments.filter(({ change }) => change === wanted).length;
  const counted = (wanted: (change: Change) => boolean) =>
    CHANGES.filter(({ change }) => wanted(change)).flatMap(({ change, title }) =>
      count(change) === 0 ? [] : [`${count(change)} ${(title.split(':')[0] ?? '').toLowerCase()}`],
    );
  const counts = counted((change) => !isOneSided(change));
  const sides = counted(isOneSided);
  const onlyIn = sides.length === 0 ? '' : `; ${sides.join(', ')}`;
  const regressions = count('worse');
  const said = regressions === 1 ? '1 regression' : `${regressions} regressions`;
  const verdict = regressions > 0 ? said : problems.length > 0 ? 'not all is known' : 'no regression';
  const both = experiments.filter(({ base, next }) => base && next).length;
  return `${both} compared, ${[...counts, `${count('same')} the same`].join(', ')}${onlyIn}: ${verdict}`;
}

const isOneSided = (change: Change) => change === 'appeared' || change === 'vanished';

/** What tells an experiment from the others. */
export function namesAmong(experiments: readonly Comparison[]): (one: Comparison) => string {
  const { differing } = compareCells(experiments.map(({ cell }) => cell));
  return ({ scenario, cell }) => joinWords([safe(scenario), ...differing(cell)]);
}

/** What is new has nothing to be better than: it looks as it ended. */
export const styleOf = ({ change, next }: Comparison, style: Standing): Standing =>
  change === 'appeared' && next ? worstOf(next.runs) : style;

function lines(
  one: Comparison,
  name: string,
  mark: string,
  style: Standing,
  paint: Paint,
  width: number,
): string[] {
  return [
    ...wrap(name, width, `${mark} `).map((line) => paint(style, line)),
    ...wrap(sayChange(one), width, '  '),
  ];
}

/** `complete 20/20, then lost 2/20 (Fisher's exact test: p = 0.49)`. */
export function sayChange({ change, base, next, by, chance, adjusted }: Comparison): string {
  const words = [base, next].map((series) => (series ? saySeries(series) : 'not run')).join(', then ');
  if (by === null || chance === null || adjusted === null) return words;
  const clear = change === 'worse' || change === 'better';
  if (clear && adjusted >= SURE) return `${words} (${by}; too few runs for a test: --repeat makes more)`;
  const many =
    sayChance(chance) === sayChance(adjusted) ? '' : `, ${sayChance(adjusted)} among all that differs`;
  const test = by === 'records lost' ? 'rank-sum test' : 'Fisher’s exact test';
  return `${words} (${by}, ${test}: p = ${sayChance(chance)}${many})`;
}

const saySeries = ({ runs }: Series) => sayDistribution(runs);

const sayChance = (chance: number) => (chance < 0.001 ? chance.toExponential(0) : chance.toPrecision(2));
