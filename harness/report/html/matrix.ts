import type { Run } from '../../lab/record.ts';
import { cellKey, compareCells, joinWords } from '../cell.ts';
import { sayField } from '../field.ts';
import { runsByCell, runsByScenario } from '../replay.ts';
import { standingOf } from '../standing.ts';
import { type Html, html, NOTHING } from './markup.ts';
import { classOf } from './run.ts';
import { shortName } from './shorten.ts';
import { scrollingTable } from './table.ts';
import { worstFirst } from './worst.ts';

/** Where each scenario has a cell of its own, the fields are many more than the runs. */
const MOST_FIELDS = 50_000;
/** Columns of a word of a cell: longer ones would push the table down. */
const MOST_WORD = 48;

/** Scenarios down, cells across; each field leads to its runs. */
export function matrix(runs: readonly Run[], anchor: (run: Run) => string): Html {
  if (runs.length === 0) return NOTHING;
  const cells = runsByCell(runs).map(({ cell }) => cell);
  const { common, differing } = compareCells(cells);
  const scenarios = [...runsByScenario(runs)];
  const across = cells.slice(0, MOST_FIELDS);
  const down = scenarios.slice(0, Math.ceil(MOST_FIELDS / across.length));
  const rows = down.map(([scenario, own]) => {
    const byCell = new Map(runsByCell(own).map((group) => [cellKey(group.cell), group.runs]));
    const fields = across.map((cell) => field(byCell.get(cellKey(cell)) ?? [], anchor));
    return html`<tr>
      <th scope="row">${bounded(shortName(scenario))}</th>
      ${fields}
    </tr> `;
  });
  const heads = across.map((cell) => differing(cell).map((word) => shortName(word, MOST_WORD)));
  const [left, right] = [scenarios.length - down.length, cells.length - across.length];
  const more = `Too large a table: ${left} scenarios and ${right} cells more are only among the runs.`;
  return html`<h2>Scenarios and cells</h2>
    <p class="soft">${joinWords(common.map((word) => shortName(word)))}</p>
    ${scrollingTable('Scenarios and cells', { heads: ['scenario', ...heads.map((words) => bounded(joinWords(words) || 'wire'))], rows })}
    ${left + right > 0 ? html`<p class="odd">${more}</p>` : NOTHING}
    <p class="soft">
      ✓ complete, as expected · ○ lost, as expected · – skipped · ? no verdict · ! complete, though a loss is
      known · ✗ not as expected · “lost 3/59”: 3 of 59 records; of repeated runs “lost 1/5”: 1 of 5 runs
    </p>`;
}

/** A cell of a table is as wide as its longest word: a name is broken before it takes all of a phone. */
const bounded = (name: string) => html`<span class="name">${name}</span>`;

function field(runs: readonly Run[], anchor: (run: Run) => string): Html {
  const [worst] = worstFirst(runs);
  if (!worst) return html`<td class="soft">·</td>`;
  return html`<td>
    <a class="${classOf(standingOf(worst))}" href="#${anchor(worst)}">${sayField(runs)}</a>
  </td>`;
}
