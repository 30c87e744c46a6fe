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

/** Reads `timeline.jsonl`; null for what is none, or of another version. */
export function parseTimeline(text: string): Timeline | null {
  const [first = '', ...rest] = text.split('\n').filter((line) => line !== '');
  const head = v.safeParse(TimelineHead, jsonOf(first));
  if (!head.success) return null;
  const records: TimelineRecord[] = [];
  for (const line of rest) {
    const record = v.safeParse(TimelineRecord, jsonOf(line));
    if (!record.success) return null;
    records.push(record.output);
  }
  return { head: head.output, records };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
