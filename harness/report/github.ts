import type { RecordEvent, Run } from '../lab/record.ts';
import { sayCell } from './cell.ts';
import { detailsOf } from './details.ts';
import { replay, runsByCell, runsByScenario, shortfall } from './replay.ts';
import { safe } from '../printk/safe.ts';
import { isNews, isSurprising, sayVerdict, STANDINGS, standingOf } from './standing.ts';

/** GitHub shows ten of each kind of a step: two are for what is said of all. */
const MOST = 8;
const RECORDS_SHOWN = 20;

/**
 * GitHub Actions' workflow commands for what is not as expected, a line each: shown beside the job as annotations.
 * https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
 */
export function renderAnnotations(events: readonly RecordEvent[]): string[] {
  const record = replay(events);
  const missing = shortfall(record);
  const odd = worstOfEach(record.runs.filter(isSurprising));
  const more = odd.length - MOST;
  return [
    ...(missing === undefined ? [] : [annotation('error', 'crashlab', missing)]),
    ...odd.slice(0, MOST).map(({ run, times }) => {
      const details = detailsOf(run, RECORDS_SHOWN).map(({ depth, text }) => '  '.repeat(depth) + text);
      const kind = isNews(run) ? 'warning' : 'error';
      return annotation(
        kind,
        `${safe(run.scenario)}: ${sayVerdict(run)}${times === 1 ? '' : `, in ${times} runs`}`,
        [sayCell(run.cell), ...details].join('\n'),
      );
    }),
    ...(more > 0 ? [annotation('error', 'crashlab', `${more} more experiments are not as expected.`)] : []),
  ];
}

/** News can wait. */
const badness = (run: Run) => (isNews(run) ? 0 : STANDINGS[standingOf(run)].badness);

/** Of each experiment the worst run, and how many there are of it; the worst first. */
function worstOfEach(runs: readonly Run[]): { run: Run; times: number }[] {
  return [...runsByScenario(runs).values()]
    .flatMap((own) => runsByCell(own))
    .flatMap((group) => {
      const [run] = group.runs.toSorted((a, b) => badness(b) - badness(a));
      return run ? { run, times: group.runs.length } : [];
    })
    .sort((a, b) => badness(b.run) - badness(a.run));
}

function annotation(kind: 'error' | 'warning', title: string, text: string): string {
  return `::${kind} title=${escaped(title).replaceAll(':', '%3A').replaceAll(',', '%2C')}::${escaped(text)}`;
}

/** A line's end would end the command, and begin another. */
const escaped = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
