import * as v from 'valibot';

/**
 * What became of each record of a run, `timeline.jsonl` in its evidence: a head, then a record a line, from the marker
 * on. All times are milliseconds of the guest's own clock, which counts from its boot.
 */
export const TIMELINE_VERSION = 1;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const milliseconds = v.pipe(v.number(), v.finite());
const State = v.picklist(['arrived', 'torn', 'missing', 'unknown']);

export const TimelineHead = v.object({
  type: v.literal('timeline'),
  version: v.literal(TIMELINE_VERSION),
  /** Records that follow. */
  records: count,
  /** What happened beside them: what the scenario did, what QEMU saw. */
  moments: v.array(v.object({ ms: milliseconds, name: v.string() })),
});
export type TimelineHead = v.InferOutput<typeof TimelineHead>;

/** What QEMU tells of a guest's end, and how a moment of it is called. */
export const QEMU_SAW = {
  SHUTDOWN: 'the guest resets or powers off',
  GUEST_PANICKED: 'pvpanic tells of the panic',
  WATCHDOG: 'a watchdog fires',
} as const;

export const TimelineRecord = v.object({
  sequence: count,
  /** When it was written; absent where the ring buffer no longer, or never, had it. */
  ms: v.optional(milliseconds),
  level: v.optional(count),
  caller: v.optional(v.string()),
  text: v.string(),
  section: v.optional(v.string()),
  wire: v.object({
    state: State,
    /** Each whole copy that came. */
    copies: v.optional(
      v.array(v.object({ ms: milliseconds, fragments: v.optional(count), text: v.optional(v.string()) })),
    ),
    where: v.optional(v.string()),
    /** `doubled`, `misplaced`. */
    flaws: v.optional(v.array(v.string())),
  }),
  serial: v.object({
    state: State,
    ms: v.optional(milliseconds),
    where: v.optional(v.string()),
    flaws: v.optional(v.array(v.string())),
  }),
});
export type TimelineRecord = v.InferOutput<typeof TimelineRecord>;

export interface Timeline {
  head: TimelineHead;
  records: TimelineRecord[];
}

/** As `timeline.jsonl` has it. */
export function renderTimeline({ head, records }: Timeline): string {
  return [head, ...records].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** What can be read of a timeline, and in words that follow its name what is wrong with it. */
export interface TimelineFound {
  timeline: Timeline | null;
  problem?: string;
}

/** Reads `timeline.jsonl`. A line that is damaged, or torn, takes no other with it. */
export function parseTimeline(text: string): TimelineFound {
  const [first = '', ...rest] = text.split('\n').filter((line) => line !== '');
  const value = jsonOf(first);
  const head = v.safeParse(TimelineHead, value);
  if (!head.success) {
    const isNewer = v.is(NewerHead, value);
    return { timeline: null, problem: isNewer ? 'is of a newer crashlab' : 'is damaged' };
  }
  const lines = rest.map((line) => v.safeParse(TimelineRecord, jsonOf(line)));
  const records = lines.flatMap((line) => (line.success ? [line.output] : []));
  const timeline = { head: head.output, records };
  const written = Math.max(head.output.records, lines.length);
  if (records.length === written) return { timeline };
  const isTorn = lines.slice(0, -1).every(({ success }) => success);
  const problem = `is ${isTorn ? 'torn' : 'damaged'}: ${records.length} of its ${written} records can be read`;
  return { timeline, problem };
}

const NewerHead = v.object({
  type: v.literal('timeline'),
  version: v.pipe(v.number(), v.minValue(TIMELINE_VERSION + 1)),
});

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
