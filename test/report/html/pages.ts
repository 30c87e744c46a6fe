import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RecordEvent } from '../../../harness/lab/record.ts';
import type { Timeline, TimelineRecord } from '../../../harness/lab/timeline.ts';
import type { OwnPage } from '../../../harness/report/html/bodies.ts';
import { renderPage } from '../../../harness/report/html/page.ts';

/** A record that arrived, but for these changes. */
export function recordOf(sequence: number, changes: Partial<TimelineRecord> = {}): TimelineRecord {
  const ms = 4000 + sequence;
  return {
    sequence,
    ms,
    level: 6,
    caller: 'T1',
    text: `record ${sequence}`,
    wire: { state: 'arrived', copies: [{ ms: ms + 0.4 }] },
    serial: { state: 'arrived', ms: ms + 1 },
    ...changes,
  };
}

export const timelineOf = (records: TimelineRecord[]): Timeline => ({
  head: { type: 'timeline', version: 1, records: records.length, moments: [{ ms: 4000.5, name: 'trigger' }] },
  records,
});

/** Of a run as most are. */
export const sixty = timelineOf(
  Array.from({ length: 60 }, (_, at) =>
    recordOf(at, { text: `a line of the usual length, number ${at}, of a report` }),
  ),
);

/** As a run of 6.12 is named, and its evidence. */
export const CELL = { kernel: '6.12.117+deb13-cloud-amd64', arch: 'x86-64', panic: 5 };
const PLACE = `evidence/${encodeURIComponent(
  'oops-in-interrupt-napi-poll@6.12.117+deb13-cloud-amd64,x86-64,virtio-net,1cpu,panic=5,extended#17',
)}`;
const ALL_FILES = [
  'wire.pcapng',
  'serial.log',
  'ring.txt',
  'ring.jsonl',
  'timeline.jsonl',
  'qemu-command.txt',
  'qmp-events.jsonl',
];
/** A folder of evidence as real ones are. */
export const REAL = { address: PLACE, files: ALL_FILES };

/** Writes a page into a folder. Every run has evidence, and this timeline in it. */
export async function writtenTo(
  folder: string,
  events: readonly RecordEvent[],
  timeline: Timeline,
  evidence = { address: 'evidence/a%23b', files: ['ring.txt', 'wire.pcapng'] },
): Promise<{ file: string; bytes: number; pages: OwnPage[]; markup: string }> {
  const pages: OwnPage[] = [];
  const surroundings = {
    timelineOf: () => Promise.resolve({ timeline }),
    evidenceOf: () => Promise.resolve(evidence),
    name: 'report.html',
    pages: 'report-runs',
  };
  const markup = await renderPage(events, surroundings, (page) => Promise.resolve(void pages.push(page)));
  const file = path.join(folder, `${Math.random().toString(36).slice(2)}.html`);
  await writeFile(file, markup);
  return { file, bytes: Buffer.byteLength(markup), pages, markup };
}
