import { CHANGES, namesAmong, sayChange, sayComparison } from '../compare-text.ts';
import { type Comparison, isRegression } from '../compare.ts';
import { documentOf } from './document.ts';
import { html, NOTHING } from './markup.ts';
import { classOf } from './run.ts';

/** What changed between two records, as one page that needs nothing else. */
export function renderComparePage(
  comparisons: readonly Comparison[],
  files: { base: string; next: string },
): string {
  const nameOf = namesAmong(comparisons);
  const sections = CHANGES.map(({ change, title, mark, style }) => {
    const own = comparisons.filter((one) => one.change === change);
    if (own.length === 0) return NOTHING;
    const rows = own.map(
      (one) =>
        html`<tr>
          <th scope="row"><span class="${classOf(style)}">${mark}</span> ${nameOf(one)}</th>
          <td>${sayChange(one)}</td>
        </tr> `,
    );
    return html`<h2>${title}</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="${title}">
        <table>
          <thead>
            <tr>
              <th scope="col">experiment</th>
              <th scope="col">before, then now</th>
            </tr>
          </thead>
          <tbody>
            ${rows}
          </tbody>
        </table>
      </div>`;
  });
  const regressed = comparisons.some(isRegression);
  const said = sayComparison(comparisons);
  return documentOf(
    said,
    html`<header>
        <h1>What changed</h1>
        <p class="banner ${regressed ? 'bad' : 'good'}">${regressed ? '✗' : '✓'} ${said}</p>
        <p class="soft">${files.base}, then ${files.next}</p>
      </header>
      <main>${sections}</main>`,
  );
}
