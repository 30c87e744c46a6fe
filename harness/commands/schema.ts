import { toJsonSchema } from '@valibot/to-json-schema';
import { RECORD_VERSION, RecordEvent } from '../lab/record.ts';
import { TIMELINE_VERSION, TimelineHead, TimelineRecord } from '../lab/timeline.ts';
import * as v from 'valibot';

/** Files of JSON lines, and what each of their lines is. */
const FILES = {
  record: {
    title: `A line of run.jsonl, the run record of crashlab, version ${RECORD_VERSION}`,
    line: RecordEvent,
  },
  timeline: {
    title: `A line of timeline.jsonl, the evidence of a run of crashlab, version ${TIMELINE_VERSION}`,
    line: v.union([TimelineHead, TimelineRecord]),
  },
};

const DRAFT = 'http://json-schema.org/draft-07/schema#';

/** `crashlab schema FILE`: the JSON schema (draft 7) that each line of a file keeps to. */
export function schemaCommand(name: keyof typeof FILES, stdout: (text: string) => void): number {
  const { title, line } = FILES[name];
  // What a schema can't say is that a number is one a double holds exactly: it takes more, never less.
  const schema = toJsonSchema(line, { errorMode: 'ignore' });
  stdout(`${JSON.stringify({ $schema: DRAFT, title, ...schema }, null, 2)}\n`);
  return 0;
}
