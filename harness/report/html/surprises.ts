import type { Run } from '../../lab/record.ts';
import { compareCells, joinWords } from '../cell.ts';
import { detailsOf } from '../details.ts';
import { runsByCell, runsByScenario } from '../replay.ts';
import { isSurprising, sayDistribution, standingOf, STANDINGS } from '../standing.ts';
import { type Html, html, NOTHING } from './markup.ts';
import { classOf } from './run.ts';
import { shortName } from './shorten.ts';
import { badnessOf, worstFirst } from './worst.ts';

/** Before the table, a line each: more would push it out of sight. */
const FIRST = 3;
/** After the table; further ones are only in it. */
const MOST_LISTED = 100;
const MOST_WORDS = 300;

/**
 * What a person has to look at: each experiment that is not as expected, with what differs in its worst run. The first
 * few stand `before` the table, and where there are more, all of them `after` it.
 */
export function surprises(runs: readonly Run[], anchor: (run: Run) => string): { before: Html; after: Html } {
  const { differing } = compareCells(runsByCell(runs).map(({ cell }) => cell));
  const odd = [...runsByScenario(runs).values()]
    .flatMap((own) => runsByCell(own))
    .flatMap(({ cell, runs: own }) => {
      const [worst] = worstFirst(own);
      return worst && isSurprising(worst) ? [{ cell, own, worst }] : [];
    })
    .toSorted((one, other) => badnessOf(other.worst) - badnessOf(one.worst));
  if (odd.length === 0) return { before: NOTHING, after: NOTHING };
  const items = odd.slice(0, MOST_LISTED).map(({ cell, own, worst }) => {
    const [first] = detailsOf(worst, 0);
    const standing = standingOf(worst);
    const mark = html`<span class="${classOf(standing)}">${STANDINGS[standing].mark}</span>`;
    const name = joinWords([worst.scenario, ...differing(cell)].map((word) => shortName(word)));
    const differs = first === undefined ? [] : [shortName(first.text, MOST_WORDS)];
    const said = `: ${[sayDistribution(own), ...differs].join('. ')}`;
    // The name first: a phone has no room for more in a line.
    return html`<li><a href="#${anchor(worst)}">${mark}${' '}${name}</a>${said}</li>`;
  });
  const more = odd.length - FIRST;
  const before = html`<h2>Not as expected</h2>
    <ul class="brief">
      ${items.slice(0, FIRST)}${
        more > 0 ? html`<li><a href="#not-as-expected">… and ${more} more, below the table</a></li>` : NOTHING
      }
    </ul>`;
  if (more <= 0) return { before, after: NOTHING };
  const left = odd.length - items.length;
  const after = html`<h2 id="not-as-expected">All that is not as expected</h2>
    <ul>
      ${items}${left > 0 ? html`<li>… and ${left} more, in the table</li>` : NOTHING}
    </ul>`;
  return { before, after };
}
