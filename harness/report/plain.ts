import type { RecordEvent, Run } from '../lab/record.ts';
import { joinWords, sayCell } from './cell.ts';
import { sayDuration } from './duration.ts';
import { safe } from '../printk/safe.ts';
import { sayOutcome, standingOf, STANDINGS } from './standing.ts';

/** One line of progress for a pipe or a log, without its end; undefined for what needs no line. */
export function plainLine(event: RecordEvent): string | undefined {
  switch (event.type) {
    case 'start': {
      const { runs, host } = event;
      return `${runs} ${runs === 1 ? 'run' : 'runs'} planned · ${safe(host.qemu)}, ${safe(host.accelerator)}`;
    }
    case 'template': {
      const { kernel, state, seconds } = event;
      return `template ${safe(kernel)}: ${state}${seconds === undefined ? '' : ` after ${sayDuration(seconds)}`}`;
    }
    case 'run':
      return sayRun(event);
    case 'begin':
    case 'end':
      break;
  }
  return undefined;
}

function sayRun(run: Run): string {
  const { mark } = STANDINGS[standingOf(run)];
  const outcome =
    run.outcome === 'verdict' ? sayOutcome(run) : `${sayOutcome(run)}, ${safe(run.reason.code)}`;
  const name = [safe(run.scenario), sayCell(run.cell), `#${run.repetition}`, sayDuration(run.seconds)];
  return `${mark} ${outcome}: ${joinWords(name)}`;
}
