import * as v from 'valibot';

/**
 * The run record: what a `crashlab run` saw, as JSON lines, one event a line, in the order it happened.
 * Every report is a replay of this file and of nothing else. A reader refuses a newer `version`.
 */
export const RECORD_VERSION = 1;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** JSON can say 1e999, which is Infinity: the upper bound keeps it out. */
const seconds = v.pipe(v.number(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));

/** A schema that says what it is of: `crashlab schema` has the words too. */
const said = <T extends v.GenericSchema>(words: string, schema: T) => v.pipe(schema, v.description(words));

/** One point of the matrix. */
export const Cell = v.object({
  kernel: said('The kernel’s release as `uname -r` prints it, e.g. `6.1.0-56-cloud-amd64`.', v.string()),
  arch: v.string(),
  nic: v.string(),
  vcpus: count,
  panic: said(
    '`panic=`: 0 halts, N > 0 reboots after N seconds, -1 reboots at once.',
    v.pipe(v.number(), v.integer()),
  ),
  format: v.picklist(['basic', 'extended']),
});
export type Cell = v.InferOutput<typeof Cell>;

/** Where a record that the guest wrote was lost. */
const Lost = v.object({
  sequence: count,
  where: v.picklist([
    'never sent',
    'lost in QEMU',
    'lost on the wire',
    'lost on the host',
    'overwritten before it was sent',
    'not printed',
  ]),
  text: said(
    'The record’s text, shown safely (control characters escaped), cut to 200 characters.',
    v.string(),
  ),
});

/** The truth held against one witness. `written` counts the records from the marker on. */
export const WitnessVerdict = v.object({
  status: v.picklist(['complete', 'incomplete', 'undecidable']),
  reason: v.optional(v.string()),
  written: count,
  arrived: count,
  uncompared: v.optional(
    said(
      'Of these, how many could not be compared byte for byte: the ring buffer has overwritten them. Absent for 0.',
      count,
    ),
  ),
  missing: said('Sequence numbers, ascending.', v.array(count)),
  torn: said('Arrived, but not byte for byte as written.', v.array(count)),
  doubled: v.array(count),
  misplaced: said('Arrived after a record with a higher sequence number.', v.array(count)),
  lost: v.array(Lost),
});
export type WitnessVerdict = v.InferOutput<typeof WitnessVerdict>;

/** What the guest died of, read from the truth's text. */
export const OopsSummary = v.object({
  kind: said('`none` when the guest survived.', v.string()),
  context: v.picklist(['task', 'softirq', 'hardirq', 'nmi', 'unknown']),
  terminated: said(
    'The report’s own end is there: `true`, `false`, or null where its kind has none.',
    v.nullable(v.boolean()),
  ),
  title: said(
    'The kernel’s own first line, e.g. `Kernel panic - not syncing: sysrq triggered crash`.',
    v.nullable(v.string()),
  ),
});
export type OopsSummary = v.InferOutput<typeof OopsSummary>;

/** Why there is no verdict. */
export const Infrastructure = v.object({
  blame: said('Whose fault it is; decides the exit code.', v.picklist(['usage', 'host', 'guest', 'lab'])),
  code: v.string(),
  message: v.string(),
  advice: v.optional(v.string()),
});

/** A figure an experiment came to, beside its verdict: further fields say under what conditions. */
export const Measurement = v.looseObject({
  name: v.string(),
  unit: v.string(),
  value: v.pipe(v.number(), v.finite()),
});
export type Measurement = v.InferOutput<typeof Measurement>;

const runBase = {
  type: v.literal('run'),
  id: said('Unique in the record: scenario, cell and repetition.', v.string()),
  scenario: v.string(),
  cell: Cell,
  repetition: said('1 … N of `--repeat N`.', count),
  expected: said(
    'As this scenario’s expectations said it would be. An infrastructure outcome never is; a skipped run is no pass.',
    v.boolean(),
  ),
  seconds,
  attempts: v.optional(
    said(
      '2 when the host starved the first attempt (HOST_STARVED) and this is the second; absent for 1.',
      count,
    ),
  ),
  evidence: v.optional(
    said(
      'Folder of the evidence, relative to the record’s own folder; absent where there was no guest that left any.',
      v.string(),
    ),
  ),
  measurements: v.optional(v.array(Measurement)),
};

export const Run = v.variant('outcome', [
  v.object({
    ...runBase,
    outcome: v.literal('verdict'),
    wire: WitnessVerdict,
    serial: WitnessVerdict,
    oops: OopsSummary,
    /** What was expected, and why it is known, in words. */
    expectation: v.object({
      wire: v.picklist(['complete', 'incomplete', 'either']),
      because: v.optional(said('For a known loss: why, and its source.', v.string())),
    }),
    differences: said(
      'What differs from the expectation, a sentence each; empty when `expected`.',
      v.array(v.string()),
    ),
    news: v.optional(said('Set where all that differs is that less is lost than is known.', v.literal(true))),
  }),
  v.object({
    ...runBase,
    outcome: v.literal('infrastructure'),
    expected: v.literal(false),
    reason: Infrastructure,
  }),
  /** Not made, because the cell can't have it: nothing was tested, so nothing passed. */
  v.object({
    ...runBase,
    outcome: v.literal('skipped'),
    expected: v.literal(true),
    reason: said(
      'What the scenario needs and the cell lacks, a sentence.',
      v.object({ code: v.string(), message: v.string() }),
    ),
  }),
]);
export type Run = v.InferOutput<typeof Run>;

export const RecordEvent = v.variant('type', [
  v.object({
    type: v.literal('start'),
    version: v.literal(RECORD_VERSION),
    crashlab: v.string(),
    started: said('ISO 8601.', v.string()),
    resumed: v.optional(said('When it was gone on with after it had been stopped.', v.array(v.string()))),
    command: said('The command line, for running it again.', v.array(v.string())),
    host: v.object({ accelerator: v.string(), qemu: v.string(), cpus: count }),
    /** Of every guest, beside its cell. */
    guests: v.optional(
      v.object({
        wire: v.string(),
        fresh: v.boolean(),
        append: v.string(),
        ownKernel: v.optional(
          said(
            'Files, as the user named them, of a kernel that is none of Debian’s.',
            v.object({ image: v.string(), modules: v.string() }),
          ),
        ),
      }),
    ),
    runs: said('How many runs are planned.', count),
  }),
  v.object({
    type: v.literal('begin'),
    id: v.string(),
    scenario: v.string(),
    cell: Cell,
    repetition: count,
  }),
  /** A guest is being booted to become the template of a cell; long, so said. */
  v.object({
    type: v.literal('template'),
    kernel: v.string(),
    state: v.picklist(['booting', 'ready', 'failed']),
    seconds: v.optional(seconds),
  }),
  Run,
  v.object({
    type: v.literal('end'),
    exit: count,
    seconds,
    interrupted: said('`true` when the user stopped it; runs not done are then absent.', v.boolean()),
  }),
]);
export type RecordEvent = v.InferOutput<typeof RecordEvent>;
export type StartEvent = Extract<RecordEvent, { type: 'start' }>;
