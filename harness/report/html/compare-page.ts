import { CHANGES, namesAmong, sayBetween, sayChange, sayComparison, styleOf } from '../compare-text.ts';
import { isRegression, type RecordComparison } from '../compare.ts';
import { documentOf } from './document.ts';
import { html, NOTHING } from './markup.ts';
import { classOf } from './run.ts';
import { shortened } from './shorten.ts';
import { scrollingTable } from './table.ts';

const MOST_NAME = 300;

/** What changed between two records, as one page that needs nothing else. */
export function renderComparePage(
  comparison: RecordComparison,
  files: { base: string; next: string },
): string {
  const { experiments, problems } = comparison;
  const nameOf = namesAmong(experiments);
  const sections = CHANGES.map(({ change, title, mark, style }) => {
    const own = experiments.filter((one) => one.change === change);
    if (own.length === 0) return NOTHING;
    const rows = own.map(
      (one) =>
        html`<tr>
          <th scope="row">
            <span class="${classOf(styleOf(one, style))}">${mark}</span>
            <span class="name">${shortened(nameOf(one), MOST_NAME)}</span>
          </th>
          <td>${shortened(sayChange(one))}</td>
        </tr> `,
    );
    const heads = ['experiment', 'before, then now'];
    return html`<h2>${title}</h2>
      ${scrollingTable(title, { heads, rows })}`;
  });
  const regressed = isRegression(comparison);
  const said = sayComparison(comparison);
  return documentOf(
    said,
    html`<header>
        <h1>What changed</h1>
        <p class="banner ${regressed ? 'bad' : 'good'}">${regressed ? '✗' : '✓'} ${said}</p>
        <p class="soft">${files.base}, then ${files.next}</p>
        <p>${shortened(sayBetween(comparison))}</p>
        ${problems.map((problem) => html`<p class="bad">${shortened(problem)}</p>`)}
      </header>
      <main>${sections}</main>`,
  );
}
