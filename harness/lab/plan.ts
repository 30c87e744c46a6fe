import type { NamedScenario } from './catalogue.ts';
import type { Cell } from './record.ts';

/** One run to be made. */
export interface PlannedRun {
  id: string;
  scenario: NamedScenario;
  cell: Cell;
  repetition: number;
}

/** Every scenario in every cell, repeated; cells in order, so that a kernel's template is booted once and early. */
export function planRuns(scenarios: NamedScenario[], cells: Cell[], repeat: number): PlannedRun[] {
  return cells.flatMap((cell) =>
    scenarios.flatMap((scenario) =>
      Array.from({ length: repeat }, (_, index) => ({
        id: runId(scenario.name, cell, index + 1),
        scenario,
        cell,
        repetition: index + 1,
      })),
    ),
  );
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
