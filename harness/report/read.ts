import * as v from 'valibot';
import { CrashlabError } from '../host/error.ts';
import { RECORD_VERSION, RecordEvent } from '../lab/record.ts';
import { cut } from './layout.ts';
import { safe } from '../printk/safe.ts';

export type ParsedRecord =
  | {
      events: RecordEvent[];
      /** The last line was cut in the middle: the lab was killed while it wrote. */
      truncated: boolean;
    }
  | { failure: CrashlabError };

/**
 * Reads a run record (harness/lab/record.ts). Anything but a cut last line is refused with the line's number:
 * RECORD_EMPTY, RECORD_NEWER, RECORD_BROKEN.
 */
export function parseRecord(text: string): ParsedRecord {
  const lines = text.split('\n');
  const unfinished = lines.pop() ?? '';
  const truncated = unfinished !== '' && parseLine(unfinished) === undefined;
  if (unfinished !== '' && !truncated) lines.push(unfinished);
  if (lines.length === 0) {
    return {
      failure: new CrashlabError('usage', 'RECORD_EMPTY', 'The run record is empty: no run was begun.'),
    };
  }

  const events: RecordEvent[] = [];
  const seen = new Set<string>();
  for (const [index, line] of lines.entries()) {
    const value = parseLine(line);
    if (index === 0 && isNewer(value)) return { failure: newer(value.version) };
    const parsed = v.safeParse(RecordEvent, value);
    if (!parsed.success) return { failure: broken(index, sayIssue(value, parsed.issues[0])) };
    const event = parsed.output;
    const misplaced = (index === 0) !== (event.type === 'start');
    if (misplaced) return { failure: broken(index, 'a record has one start event, on its first line') };
    if (event.type === 'run') {
      if (seen.has(event.id)) return { failure: broken(index, `the run ${event.id} is there twice`) };
      seen.add(event.id);
    }
    events.push(event);
  }
  return { events, truncated };
}

/** The line's JSON, or undefined (which JSON cannot say) when it is none. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const Newer = v.object({
  type: v.literal('start'),
  version: v.pipe(v.number(), v.minValue(RECORD_VERSION + 1)),
});

function isNewer(value: unknown): value is v.InferOutput<typeof Newer> {
  return v.is(Newer, value);
}

function newer(version: number): CrashlabError {
  return new CrashlabError(
    'usage',
    'RECORD_NEWER',
    `The run record has version ${version}; this crashlab reads version ${RECORD_VERSION}.`,
    { advice: 'Report it with the crashlab that wrote it, or a newer one.' },
  );
}

function sayIssue(value: unknown, issue: v.BaseIssue<unknown>): string {
  if (value === undefined) return 'not JSON';
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
}

function broken(index: number, why: string): CrashlabError {
  return new CrashlabError(
    'usage',
    'RECORD_BROKEN',
    `Line ${index + 1} of the run record cannot be read: ${cut(safe(why), 300)}.`,
    { advice: 'Was this file written by `crashlab run`?' },
  );
}
