import type { RecordEvent } from '../lab/record.ts';
import { sayCell } from './cell.ts';
import { detailsOf } from './details.ts';
import { replay, shortfall } from './replay.ts';
import { safe } from '../printk/safe.ts';
import { isSurprising, sayVerdict, standingOf } from './standing.ts';

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
  const odd = record.runs.filter(isSurprising);
  const more = odd.length - MOST;
  return [
    ...(missing === undefined ? [] : [annotation('error', 'crashlab', missing)]),
    ...odd.slice(0, MOST).map((run) => {
      const details = detailsOf(run, RECORDS_SHOWN).map(({ depth, text }) => '  '.repeat(depth) + text);
      const kind = standingOf(run) === 'unexpected pass' ? 'warning' : 'error';
      return annotation(
        kind,
        `${safe(run.scenario)}: ${sayVerdict(run)}`,
        [sayCell(run.cell), ...details].join('\n'),
      );
    }),
    ...(more > 0 ? [annotation('error', 'crashlab', `${more} more runs are not as expected.`)] : []),
  ];
}

function annotation(kind: 'error' | 'warning', title: string, text: string): string {
  return `::${kind} title=${escaped(title).replaceAll(':', '%3A').replaceAll(',', '%2C')}::${escaped(text)}`;
}

/** A line's end would end the command, and begin another. */
const escaped = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
