import { type Blame, exitCodeOf } from '../host/error.ts';
import type { RecordEvent } from '../lab/record.ts';
import { replay } from './replay.ts';

/** Which blame decides when runs without a verdict have several. */
const PRECEDENCE: Blame[] = ['guest', 'host', 'lab', 'usage'];
/** What a shell calls a program that Ctrl-C ended: 128 + SIGINT. */
const INTERRUPTED = 130;

/**
 * The process exit code of a run: 0 all as expected, 1 a verdict differs, else by the blame of the runs without
 * a verdict (guest 4, host 3, lab 70, usage 2). Runs that were planned and have no outcome are never a success:
 * 130 when the user stopped them, 70 otherwise. Runs that were all skipped are 4. The `end` event may still be missing when all runs are there.
 */
export function exitCode(events: readonly RecordEvent[]): number {
  const { start, runs, end } = replay(events);
  if (runs.some((run) => run.outcome === 'verdict' && !run.expected)) return 1;
  const blames = new Set(
    runs.map((run) => (run.outcome === 'infrastructure' ? run.reason.blame : undefined)),
  );
  const blame = PRECEDENCE.find((each) => blames.has(each));
  if (blame !== undefined) return exitCodeOf(blame);
  if (end?.interrupted === true) return INTERRUPTED;
  // Nothing was tested at all: that is no success, and the guests are what lacked it.
  if (runs.length > 0 && runs.every(({ outcome }) => outcome === 'skipped')) return exitCodeOf('guest');
  if (runs.length === 0 || runs.length < (start?.runs ?? 0)) return exitCodeOf('lab');
  return 0;
}
