import type { RecordEvent, Run, StartEvent, WitnessVerdict } from '../lab/record.ts';
import { safe } from '../printk/safe.ts';
import { sayCell } from './cell.ts';
import { detailsOf } from './details.ts';
import { renderDocument } from './json.ts';
import { replay, shortfall } from './replay.ts';
import { knownBecause, sayOutcome, type Standing, standingOf } from './standing.ts';

/** The version of the schema that this keeps to: kcidb-io, kcidb_io/schema/v05_03.py. */
const VERSION = { major: 5, minor: 3 };
const RECORDS_SHOWN = 200;
const MOST_EXCERPT = 16_384;
/** `x86_64` as the kernel's own build has it. */
const ARCHITECTURES: Record<string, string> = { 'x86-64': 'x86_64', arm64: 'aarch64' };

/**
 * A submission to KCIDB, kernelci.org's database of results. A known loss is a test that failed with an incident of a
 * known issue: a kernel that loses its last words is not correct for being known to. `origin` names the CI system.
 */
export function renderKcidb(events: readonly RecordEvent[], origin = 'crashlab'): string {
  const record = replay(events);
  const { start, runs } = record;
  const id = (rest: string) => `${origin}:${safe(rest)}`;
  const kernels = new Map<string, Run>(runs.map((run) => [`${run.cell.kernel}/${run.cell.arch}`, run]));
  const missing = shortfall(record);
  const buildId = (run: Run) => id(`${run.cell.kernel}/${run.cell.arch}`);
  const testId = (run: Run) => id(`${start?.started ?? ''}/${run.id}`);
  const known = new Set(runs.flatMap((run) => issueOf(run) ?? []));
  // Of the same words it is the same issue, whoever submits it and when.
  const issueId = (reason: string) => id(`known-loss/${reason}`);
  const document = {
    version: VERSION,
    checkouts: once(
      [...kernels.values()].map(({ cell }) => ({
        id: id(cell.kernel),
        origin,
        comment: safe(cell.kernel),
      })),
    ),
    builds: once(
      [...kernels.entries()].map(([key, { cell }]) => ({
        checkout_id: id(cell.kernel),
        id: id(key),
        origin,
        comment: safe(cell.kernel),
        architecture: ARCHITECTURES[cell.arch] ?? cell.arch.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_'),
      })),
    ),
    tests: [
      ...runs.map((run) => testOf(run, { origin, id: testId(run), build: buildId(run) })),
      ...[...kernels.values()].flatMap((run) =>
        missing === undefined ? [] : shortfallTest(missing, { origin, build: buildId(run), start }),
      ),
    ],
    issues: once(
      [...known].map((reason) => ({
        id: issueId(reason),
        version: 1,
        origin,
        comment: safe(reason),
      })),
    ),
    incidents: runs.flatMap((run) => {
      const reason = issueOf(run);
      if (reason === null) return [];
      return {
        id: `${testId(run)}/known-loss`,
        origin,
        issue_id: issueId(reason),
        issue_version: 1,
        test_id: testId(run),
        present: true,
      };
    }),
  };
  return renderDocument(document);
}

/** Why its loss is known; what had left the guest is no issue of its kernel's. */
const issueOf = (run: Run) => (statusOf(run) === 'FAIL' ? knownBecause(run) : null);

/** One kernel of two architectures is one checkout; what differs only in what can't be shown is one too. */
const once = <T extends { id: string }>(things: readonly T[]): T[] => [
  ...new Map(things.map((thing) => [thing.id, thing])).values(),
];

/** Of each kernel: a run that was stopped has not told all of any. */
function shortfallTest(
  missing: string,
  { origin, build, start }: { origin: string; build: string; start: StartEvent | undefined },
) {
  return {
    build_id: build,
    id: `${build}/${safe(start?.started ?? '')}/unfinished`,
    origin,
    path: 'crashlab.every_planned_run_has_an_outcome',
    status: 'MISS',
    comment: missing,
  };
}

function testOf(run: Run, { origin, id, build }: { origin: string; id: string; build: string }) {
  const excerpt = detailsOf(run, RECORDS_SHOWN)
    .map(({ depth, text }) => '  '.repeat(depth) + text)
    .join('\n')
    .slice(0, MOST_EXCERPT)
    .replace(/[\uD800-\uDBFF]$/, '');
  const { measurements = [] } = run;
  const [measurement, another] = measurements;
  const ran = run.outcome === 'verdict';
  return {
    build_id: build,
    id,
    origin,
    path: `crashlab.${run.scenario.replaceAll(/[^a-zA-Z0-9_-]/g, '_') || '_'}`,
    status: statusOf(run),
    comment: sayOutcome(run),
    duration: run.seconds,
    environment: { comment: sayCell(run.cell), misc: shown(run.cell) },
    log_excerpt: excerpt,
    ...(ran && measurement && !another
      ? { number: { value: measurement.value, unit: safe(measurement.unit) } }
      : {}),
    misc: shown({
      repetition: run.repetition,
      ...(ran
        ? { wire: run.wire.status, written: run.wire.written, arrived: run.wire.arrived, oops: run.oops }
        : {}),
      ...(measurements.length > 0 ? { measurements } : {}),
    }),
  };
}

/** As it can be shown: KCIDB takes no NUL in any text. */
function shown(value: object): object {
  return JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'string' ? safe(each) : each)));
}

/** Whether all that is missing had left the guest: it was lost in QEMU, on a wire that was to lose it, or on this host. */
function isOurs({ lost, missing, torn, doubled, misplaced }: WitnessVerdict): boolean {
  const beyond = new Set(['lost in QEMU', 'lost on the wire', 'lost on the host']);
  const flawed = [torn, doubled, misplaced].some((list) => list.length > 0);
  return missing.length > 0 && !flawed && lost.every(({ where }) => beyond.has(where));
}

const STATUS: Record<Standing, string> = {
  complete: 'PASS',
  // The kernel is at fault, known or not.
  'known loss': 'FAIL',
  'unexpected loss': 'FAIL',
  'unexpected difference': 'FAIL',
  'unexpectedly little': 'FAIL',
  // Nothing is wrong with this kernel, but with what was known of it.
  'unexpected pass': 'PASS',
  'no verdict': 'ERROR',
  skipped: 'SKIP',
};

/** `MISS`: the test could not be made, for a reason that lies outside the guest. */
function statusOf(run: Run): string {
  if (run.outcome === 'infrastructure' && run.reason.blame !== 'guest') return 'MISS';
  if (run.outcome === 'verdict' && run.wire.status === 'undecidable') return 'ERROR';
  if (run.outcome === 'verdict' && isOurs(run.wire)) return run.expected ? 'PASS' : 'ERROR';
  return STATUS[standingOf(run)];
}
