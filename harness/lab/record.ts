import * as v from 'valibot';

/**
 * The run record: what a `crashlab run` saw, as JSON lines, one event a line, in the order it happened.
 * Every report is a replay of this file and of nothing else. A reader refuses a newer `version`.
 */
export const RECORD_VERSION = 1;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** JSON can say 1e999, which is Infinity: the upper bound keeps it out. */
const seconds = v.pipe(v.number(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));

/** One point of the matrix. */
export const Cell = v.object({
  /** The kernel's release as `uname -r` prints it, e.g. `6.1.0-56-cloud-amd64`. */
  kernel: v.string(),
  arch: v.string(),
  nic: v.string(),
  vcpus: count,
  /** `panic=`: 0 halts, N > 0 reboots after N seconds, -1 reboots at once. */
  panic: v.pipe(v.number(), v.integer()),
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
  /** The record's text, shown safely (control characters escaped), cut to 200 characters. */
  text: v.string(),
});

/** The truth held against one witness. `written` counts the records from the marker on. */
export const WitnessVerdict = v.object({
  status: v.picklist(['complete', 'incomplete', 'undecidable']),
  reason: v.optional(v.string()),
  written: count,
  arrived: count,
  /** Of these, how many could not be compared byte for byte: the ring buffer has overwritten them. Absent for 0. */
  uncompared: v.optional(count),
  /** Sequence numbers, ascending. */
  missing: v.array(count),
  /** Arrived, but not byte for byte as written. */
  torn: v.array(count),
  doubled: v.array(count),
  /** Arrived after a record with a higher sequence number. */
  misplaced: v.array(count),
  lost: v.array(Lost),
});
export type WitnessVerdict = v.InferOutput<typeof WitnessVerdict>;

/** What the guest died of, read from the truth's text. */
export const OopsSummary = v.object({
  /** `none` when the guest survived. */
  kind: v.string(),
  context: v.picklist(['task', 'softirq', 'hardirq', 'nmi', 'unknown']),
  /** The report's own end is there: `true`, `false`, or null where its kind has none. */
  terminated: v.nullable(v.boolean()),
  /** The kernel's own first line, e.g. `Kernel panic - not syncing: sysrq triggered crash`. */
  title: v.nullable(v.string()),
});
export type OopsSummary = v.InferOutput<typeof OopsSummary>;

/** Why there is no verdict. */
export const Infrastructure = v.object({
  /** Whose fault it is; decides the exit code. */
  blame: v.picklist(['usage', 'host', 'guest', 'lab']),
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
  /** Unique in the record: scenario, cell and repetition. */
  id: v.string(),
  scenario: v.string(),
  cell: Cell,
  /** 1 … N of `--repeat N`. */
  repetition: count,
  /** As this scenario's expectations said it would be. An infrastructure outcome never is; a skipped run is no pass. */
  expected: v.boolean(),
  seconds,
  /** 2 when the host starved the first attempt (HOST_STARVED) and this is the second; absent for 1. */
  attempts: v.optional(count),
  /** Folder of the evidence, relative to the record's own folder; absent where there was no guest that left any. */
  evidence: v.optional(v.string()),
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
      /** For a known loss: why, and its source. */
      because: v.optional(v.string()),
    }),
    /** What differs from the expectation, a sentence each; empty when `expected`. */
    differences: v.array(v.string()),
    /** Set where all that differs is that less is lost than is known. */
    news: v.optional(v.literal(true)),
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
    /** What the scenario needs and the cell lacks, a sentence. */
    reason: v.object({ code: v.string(), message: v.string() }),
  }),
]);
export type Run = v.InferOutput<typeof Run>;

export const RecordEvent = v.variant('type', [
  v.object({
    type: v.literal('start'),
    version: v.literal(RECORD_VERSION),
    crashlab: v.string(),
    /** ISO 8601. */
    started: v.string(),
    /** When it was gone on with after it had been stopped. */
    resumed: v.optional(v.array(v.string())),
    /** The command line, for running it again. */
    command: v.array(v.string()),
    host: v.object({ accelerator: v.string(), qemu: v.string(), cpus: count }),
    /** Of every guest, beside its cell. */
    guests: v.optional(
      v.object({
        wire: v.string(),
        fresh: v.boolean(),
        append: v.string(),
        /** Files, as the user named them, of a kernel that is none of Debian's. */
        ownKernel: v.optional(v.object({ image: v.string(), modules: v.string() })),
      }),
    ),
    /** How many runs are planned. */
    runs: count,
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
    /** `true` when the user stopped it; runs not done are then absent. */
    interrupted: v.boolean(),
  }),
]);
export type RecordEvent = v.InferOutput<typeof RecordEvent>;
export type StartEvent = Extract<RecordEvent, { type: 'start' }>;
