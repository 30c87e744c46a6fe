import type { Run } from '../../lab/record.ts';
import type { Replay } from '../replay.ts';
import { type Standing, standingOf } from '../standing.ts';
import { type Html, html } from './markup.ts';

/** All of a record in one line. It is good only where each planned run has a verdict, or was skipped beside some. */
export function banner({ start, runs, unfinished }: Replay): Html {
  const of = (matches: (standing: Standing) => boolean) =>
    runs.filter((run) => matches(standingOf(run))).length;
  const unexpected = of((standing) => standing.startsWith('unexpected'));
  const without = of((standing) => standing === 'no verdict');
  const skipped = of((standing) => standing === 'skipped');
  const planned = start?.runs ?? runs.length + unfinished.length;
  if (unexpected > 0) return line('bad', `✗ ${share(unexpected, runs)} not as expected`);
  if (runs.length < planned)
    return line(
      'odd',
      `? Not all was run: ${planned - runs.length} of ${planned} planned runs have no outcome`,
    );
  if (runs.length === 0) return line('odd', '? Nothing was run');
  if (without > 0) return line('odd', `? ${without} of ${runs.length} runs have no verdict`);
  if (skipped === runs.length) return line('odd', `– Nothing was tested: ${share(skipped, runs)} skipped`);
  const known = of((standing) => standing === 'known loss');
  const beside = [
    ...(known === 0 ? [] : [`${known} of ${runs.length} runs lost records, for a known reason`]),
    ...(skipped === 0 ? [] : [`${share(skipped, runs)} skipped`]),
  ];
  const what = skipped === 0 ? 'Everything' : 'Everything that was tested';
  return line('good', `✓ ${what} is as expected${beside.length === 0 ? '' : `: ${beside.join(', ')}`}`);
}

const line = (look: 'good' | 'odd' | 'bad', words: string) => html`<p class="banner ${look}">${words}</p>`;

/** `1 of 7 runs is`, `2 of 7 runs are`. */
const share = (count: number, runs: readonly Run[]) =>
  `${count} of ${runs.length} runs ${count === 1 ? 'is' : 'are'}`;
