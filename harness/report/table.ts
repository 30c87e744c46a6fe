import type { Run } from '../lab/record.ts';
import { compareCells, joinWords } from './cell.ts';
import { paintField, sayField } from './field.ts';
import { columns, wrap } from './layout.ts';
import { matrix } from './matrix.ts';
import type { Paint } from './paint.ts';
import { runsByCell, runsByScenario } from './replay.ts';
import { safe } from '../printk/safe.ts';
import { worstOf } from './standing.ts';

const GAP = '  ';
/** A verdict wider than this, or one that leaves less beside it for the name, stands on a line of its own. */
const LIST_WIDTH = 40;

/** The verdicts as a matrix, or as a list where that would be too wide; above it what all cells have in common. */
export function verdictTable(runs: readonly Run[], width: number, paint: Paint): string[] {
  const { common } = compareCells(runsByCell(runs).map(({ cell }) => cell));
  return [
    ...wrap(joinWords(common), width).map((line) => paint('aside', line)),
    '',
    ...(matrix(runs, width, paint) ?? list(runs, width, paint)),
  ];
}

/** One line per scenario and cell, with the dimensions in which the cells differ. */
function list(runs: readonly Run[], width: number, paint: Paint): string[] {
  const { differing } = compareCells(runsByCell(runs).map(({ cell }) => cell));
  const experiments = [...runsByScenario(runs)].flatMap(([scenario, own]) =>
    runsByCell(own).map((group) => ({
      name: joinWords([safe(scenario), ...differing(group.cell)]),
      runs: group.runs,
    })),
  );
  const fieldWidth = Math.max(...experiments.map((each) => columns(sayField(each.runs))));
  const nameWidth = width - fieldWidth - GAP.length;
  if (fieldWidth > LIST_WIDTH || nameWidth < LIST_WIDTH) {
    return experiments.flatMap((each) => [
      ...wrap(sayField(each.runs), width).map((line) => paint(worstOf(each.runs), line)),
      ...wrap(each.name, width, '    '),
    ]);
  }
  return experiments.flatMap((each) =>
    wrap(each.name, nameWidth).map((line, index) =>
      index === 0
        ? paintField(each.runs, fieldWidth, paint) + GAP + line
        : ' '.repeat(fieldWidth + GAP.length) + line,
    ),
  );
}
