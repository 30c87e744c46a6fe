import { compareCells, joinWords } from './cell.ts';
import { type Change, type Comparison, isRegression, type Series } from './compare.ts';
import { wrap } from './layout.ts';
import { type Paint, painter } from './paint.ts';
import { safe } from '../printk/safe.ts';
import { sayDistribution, type Standing } from './standing.ts';

/** In the order they are told; what is the same is only counted. */
export const CHANGES: { change: Change; title: string; mark: string; style: Standing }[] = [
  { change: 'worse', title: 'Worse', mark: '✗', style: 'unexpected loss' },
  { change: 'no verdict any more', title: 'No verdict any more', mark: '✗', style: 'unexpected loss' },
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
  comparisons: readonly Comparison[],
  { colour, width }: { colour: boolean; width: number },
): string {
  const paint = painter(colour);
  const nameOf = namesAmong(comparisons);
  const sections = CHANGES.flatMap(({ change, title, mark, style }) => {
    const own = comparisons.filter((one) => one.change === change);
    if (own.length === 0) return [];
    return [
      ...wrap(title, width).map((line) => paint('heading', line)),
      ...own.flatMap((one) => lines(one, nameOf(one), mark, style, paint, width)),
      '',
    ];
  });
  return [
    ...sections,
    ...wrap(sayComparison(comparisons), width).map((line) => paint('heading', line)),
    '',
  ].join('\n');
}

/** `3 compared: 1 worse, 2 the same`. */
export function sayComparison(comparisons: readonly Comparison[]): string {
  const counts = CHANGES.flatMap(({ change, title }) => {
    const count = comparisons.filter((one) => one.change === change).length;
    return count === 0 ? [] : [`${count} ${(title.split(':')[0] ?? '').toLowerCase()}`];
  });
  const same = comparisons.filter(({ change }) => change === 'same').length;
  const regressions = comparisons.filter(isRegression).length;
  const verdict =
    regressions === 0
      ? 'no regression'
      : `${regressions} ${regressions === 1 ? 'regression' : 'regressions'}`;
  return `${comparisons.length} compared, ${[...counts, `${same} the same`].join(', ')}: ${verdict}`;
}

/** What tells an experiment from the others. */
export function namesAmong(comparisons: readonly Comparison[]): (one: Comparison) => string {
  const { differing } = compareCells(comparisons.map(({ cell }) => cell));
  return ({ scenario, cell }) => joinWords([safe(scenario), ...differing(cell)]);
}

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

/** `complete 20/20, then lost 2/20 (p = 0.49)`. */
export function sayChange({ base, next, chance, adjusted }: Comparison): string {
  const words = [base, next].map((series) => (series ? saySeries(series) : 'not run'));
  if (chance === null || adjusted === null) return words.join(', then ');
  const many =
    sayChance(chance) === sayChance(adjusted) ? '' : `, ${sayChance(adjusted)} among all that is compared`;
  return `${words.join(', then ')} (Fisher’s exact test: p = ${sayChance(chance)}${many})`;
}

const saySeries = ({ runs }: Series) => sayDistribution(runs);

const sayChance = (chance: number) => (chance < 0.001 ? chance.toExponential(0) : chance.toPrecision(2));
