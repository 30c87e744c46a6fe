import type { RecordEvent, Run } from '../lab/record.ts';
import { sayCell } from './cell.ts';
import { detailsOf } from './details.ts';
import { type CellRuns, isRepeated, replay, runsByCell, shortfall } from './replay.ts';
import { safe } from '../printk/safe.ts';
import { sayOutcome, sayVerdict, standingOf } from './standing.ts';

/** How many missing records are shown of one run. */
const RECORDS_SHOWN = 10;

interface Result {
  ok: boolean;
  name: string;
  /** What follows the `#` of the result line. */
  directive?: string;
  /** Lines to print before the result, without their end. */
  before: string[];
}

/**
 * KTAP version 1, as the kernel's Documentation/dev-tools/ktap.rst describes it: a test per cell, a subtest per
 * run. A loss that is known is an XFAIL.
 */
export function renderKtap(events: readonly RecordEvent[]): string {
  const record = replay(events);
  const missing = shortfall(record);
  const results = [
    ...runsByCell(record.runs).map((group) => cellResult(group, isRepeated(record.runs))),
    ...(missing === undefined ? [] : [shortfallResult(missing)]),
  ];
  return `${renderResults(results).join('\n')}\n`;
}

function renderResults(results: Result[]): string[] {
  const lines = results.flatMap(({ ok, name, directive, before }, index) => [
    ...before,
    `${ok ? 'ok' : 'not ok'} ${index + 1} ${description(name)}${directive === undefined ? '' : ` # ${description(directive)}`}`,
  ]);
  return ['KTAP version 1', `1..${results.length}`, ...lines];
}

/** A description ends at the first `#`, and a directive may be found behind any, so both show theirs as escapes. */
function description(text: string): string {
  return safe(text)
    .replaceAll('#', String.raw`\x23`)
    .trim();
}

function cellResult({ cell, runs }: CellRuns, repeated: boolean): Result {
  const results = runs.map((run) => runResult(run, repeated));
  return {
    ok: results.every(({ ok }) => ok),
    name: sayCell(cell),
    before: renderResults(results).map((line) => `  ${line}`),
  };
}

function runResult(run: Run, repeated: boolean): Result {
  const name = repeated ? `${run.scenario} (${run.repetition})` : run.scenario;
  if (run.expected) {
    const directive = expectedDirective(run);
    return { ok: true, name, ...(directive === undefined ? {} : { directive }), before: [] };
  }
  const details = detailsOf(run, RECORDS_SHOWN);
  return {
    ok: false,
    name,
    directive: run.outcome === 'infrastructure' ? `ERROR ${run.reason.code}` : sayOutcome(run),
    before: details.map(({ depth, text }) => `# ${safe(name)}: ${'  '.repeat(depth)}${text}`),
  };
}

function expectedDirective(run: Run): string | undefined {
  if (run.outcome === 'skipped') return `SKIP ${run.reason.message}`;
  if (run.outcome !== 'verdict') return undefined;
  const verdict = sayVerdict(run);
  const standing = standingOf(run);
  if (standing === 'known loss') return `XFAIL ${[verdict, run.expectation.because ?? []].flat().join(': ')}`;
  return standing === 'no verdict' ? `SKIP ${verdict}` : undefined;
}

function shortfallResult(missing: string): Result {
  return {
    ok: false,
    name: 'every planned run has an outcome',
    directive: 'ERROR UNFINISHED',
    before: [`# ${missing}`],
  };
}
