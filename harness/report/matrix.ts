import type { Cell, Run } from '../lab/record.ts';
import { cellKey, compareCells } from './cell.ts';
import { paintField, sayField } from './field.ts';
import { columns, pad } from './layout.ts';
import type { Paint } from './paint.ts';
import { runsByCell, runsByScenario } from './replay.ts';
import { safe } from '../printk/safe.ts';

const GAP = '  ';
/** A heading is broken into lines of this width before it makes its column wider. */
const HEADING_WIDTH = 12;

interface Column {
  /** Lines for each dimension in which the cells differ. */
  heading: string[][];
  /** The repetitions of each scenario in this cell. */
  fields: Run[][];
  width: number;
}

/** Scenarios down, cells across, a verdict in each field; undefined where that is wider than `width`. */
export function matrix(runs: readonly Run[], width: number, paint: Paint): string[] | undefined {
  const scenarios = runsByScenario(runs);
  const names = [...scenarios.keys()].map(safe);
  const nameWidth = widest(names);
  const cells = runsByCell(runs).map(({ cell }) => cell);
  const { differing } = compareCells(cells);
  const table = cells.map((cell) => columnOf(cell, [...scenarios.values()], differing(cell)));
  if (table.reduce((sum, column) => sum + GAP.length + column.width, nameWidth) > width) return undefined;

  const rows = names.map((name, row) => {
    const fields = table.map((column, index) => {
      const room = index === table.length - 1 ? 0 : column.width;
      return paintField(column.fields[row] ?? [], room, paint);
    });
    return [pad(name, nameWidth), ...fields].join(GAP);
  });
  return [...headingLines(table, nameWidth).map((line) => paint('heading', line)), ...rows];
}

function columnOf(cell: Cell, scenarios: Run[][], heading: string[]): Column {
  const key = cellKey(cell);
  const fields = scenarios.map((runs) => runs.filter((run) => cellKey(run.cell) === key));
  const fieldWidth = widest(fields.map(sayField));
  const broken = heading.map((words) => breakHeading(words, Math.max(HEADING_WIDTH, fieldWidth)));
  return { heading: broken, fields, width: Math.max(fieldWidth, widest(broken.flat())) };
}

/** Dimension below dimension, each as high as its highest heading, so that equal things stand side by side. */
function headingLines(table: Column[], nameWidth: number): string[] {
  const dimensions = table[0]?.heading.length ?? 0;
  return Array.from({ length: dimensions }, (_, dimension) => {
    const height = Math.max(...table.map(({ heading }) => heading[dimension]?.length ?? 0));
    return Array.from({ length: height }, (__, line) => {
      const words = table.map(({ heading, width }) => pad(heading[dimension]?.[line] ?? '', width));
      return [pad('', nameWidth), ...words].join(GAP).trimEnd();
    });
  }).flat();
}

/** `7.2.3+deb14-cloud-amd64` may break after each `-` and `+`. */
function breakHeading(words: string, width: number): string[] {
  const lines: string[] = [];
  for (const piece of words.match(/[^-+]*[-+]+|[^-+]+/g) ?? []) {
    const line = lines.at(-1);
    if (line !== undefined && columns(line + piece) <= width) lines[lines.length - 1] = line + piece;
    else lines.push(piece);
  }
  return lines;
}

function widest(texts: string[]): number {
  return Math.max(0, ...texts.map(columns));
}
