import type { NamedScenario } from './catalogue.ts';
import { withVcpus } from './needs.ts';
import type { Cell } from './record.ts';

/** One run to be made. */
export interface PlannedRun {
  id: string;
  scenario: NamedScenario;
  cell: Cell;
  repetition: number;
  /** Why it can't be made in this cell; null when it can. */
  skip: { code: string; message: string } | null;
}

/**
 * Every scenario in every cell, repeated; cells in order, so that a kernel's template is booted once and early. A
 * scenario that is about a format or a value of panic=, or needs more vCPUs, runs in the cell that has them; what a cell lacks is said
 * by `lacks`.
 */
export function planRuns(
  scenarios: readonly NamedScenario[],
  cells: readonly Cell[],
  options: { repeat: number; lacks: (scenario: NamedScenario, cell: Cell) => string | null },
): PlannedRun[] {
  const planned = new Map<string, PlannedRun>();
  for (const given of cells) {
    for (const named of scenarios) {
      const { needs, format = given.format, panic = given.panic } = named.scenario;
      const cell = withVcpus(needs, { ...given, format, panic });
      const message = options.lacks(named, cell);
      const skip = message === null ? null : { code: 'CELL_LACKS', message };
      // Skipped once is skipped for good.
      for (let repetition = 1; repetition <= (skip ? 1 : options.repeat); repetition++) {
        const id = runId(named.name, cell, repetition);
        planned.set(id, { id, scenario: named, cell, repetition, skip });
      }
    }
  }
  return [...planned.values()];
}

/** Unique within a record, and fit for a folder's name. */
function runId(scenario: string, cell: Cell, repetition: number): string {
  const place = [
    cell.kernel,
    cell.arch,
    cell.nic,
    `${cell.vcpus}cpu`,
    `panic=${cell.panic}`,
    cell.format,
  ].join(',');
  return `${scenario}@${place}#${repetition}`;
}
