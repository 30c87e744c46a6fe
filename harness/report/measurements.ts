import type { Measurement, Run } from '../lab/record.ts';
import { runsByCell, runsByScenario } from './replay.ts';
import { compareCells, joinWords } from './cell.ts';
import { wrap } from './layout.ts';
import type { Paint } from './paint.ts';
import { safe } from '../printk/safe.ts';

/** `messages that arrived: 32 records (allocations: all fail, stall: 0 ms)`. */
export function sayMeasurement({ name, unit, value, ...conditions }: Measurement): string {
  const under = sayConditions(conditions);
  return `${safe(name)}: ${sayFigure(value)} ${safe(unit)}${under === '' ? '' : ` (${under})`}`;
}

/** What was measured, by scenario and cell; repetitions as their least, median and greatest value. */
export function measurementLines(runs: readonly Run[], width: number, paint: Paint): string[] {
  return groupsOf(runs).flatMap(({ name, lines }) => [
    ...wrap(name, width).map((line) => paint('heading', line)),
    ...lines.flatMap((line) => wrap(line, width, '  ')),
    '',
  ]);
}

/** The same, a line each. */
export function measurementsOf(runs: readonly Run[]): string[] {
  return groupsOf(runs).flatMap(({ name, lines }) => lines.map((line) => joinWords([name, line])));
}

function groupsOf(runs: readonly Run[]): { name: string; lines: string[] }[] {
  const measured = runs.filter(({ measurements }) => measurements !== undefined && measurements.length > 0);
  const { differing } = compareCells(runsByCell(runs).map(({ cell }) => cell));
  return [...runsByScenario(measured)].flatMap(([scenario, own]) =>
    runsByCell(own).map(({ cell, runs: repetitions }) => ({
      name: joinWords([safe(scenario), ...differing(cell)]),
      lines: distributions(repetitions),
    })),
  );
}

function distributions(repetitions: readonly Run[]): string[] {
  const series = new Map<string, { first: Measurement; values: number[] }>();
  for (const measurement of repetitions.flatMap(({ measurements = [] }) => measurements)) {
    const { value, ...rest } = measurement;
    const key = JSON.stringify(rest);
    const known = series.get(key) ?? { first: measurement, values: [] };
    known.values.push(value);
    series.set(key, known);
  }
  return [...series.values()].map(({ first, values }) => {
    if (values.length === 1) return sayMeasurement(first);
    const { name, unit, value: _, ...conditions } = first;
    const sorted = values.toSorted((a, b) => a - b);
    const [least, median, most] = [0, Math.floor((sorted.length - 1) / 2), sorted.length - 1].map((at) =>
      sayFigure(sorted[at] ?? 0),
    );
    const under = sayConditions(conditions);
    const spread =
      least === most ? `${least} ${safe(unit)} each` : `median ${median} ${safe(unit)}, ${least}–${most}`;
    return `${safe(name)}: ${spread} (${[under, `${values.length} runs`].filter(Boolean).join(', ')})`;
  });
}

function sayConditions(conditions: Record<string, unknown>): string {
  return Object.entries(conditions)
    .map(
      ([name, value]) => `${safe(name)}: ${safe(typeof value === 'string' ? value : JSON.stringify(value))}`,
    )
    .join(', ');
}

/** Three digits say enough of a figure; whole numbers are counts and said whole. */
function sayFigure(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}
