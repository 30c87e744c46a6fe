import { lstat, mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RecordEvent, Run } from '../lab/record.ts';
import { parseTimeline, type TimelineFound } from '../lab/timeline.ts';
import { renderPage } from '../report/html/page.ts';
import type { EvidencePlace } from '../report/html/run.ts';

/**
 * Writes a record as a page, and next to it, in a folder of its name, pages of runs whose records are too many for it.
 * Errors: those of the disk.
 *
 * @param folder where the record lies, with the evidence of its runs
 */
export async function writeHtml(
  events: readonly RecordEvent[],
  { file, folder }: { file: string; folder: string },
): Promise<void> {
  const beside = `${path.basename(file, path.extname(file))}-runs`;
  const pages = path.join(path.dirname(file), beside);
  const root = await realpath(path.resolve(folder)).catch(() => null);
  const placeOf = (run: Run) => placeBelow(root, run);
  const markup = await renderPage(
    events,
    {
      timelineOf: (run) => placeOf(run).then(readTimeline),
      evidenceOf: (run) => placeOf(run).then((place) => evidencePlace(place, file)),
      name: encodeURIComponent(path.basename(file)),
      pages: encodeURIComponent(beside),
    },
    async (page) => {
      await mkdir(pages, { recursive: true });
      await writeFile(path.join(pages, page.name), page.markup);
    },
  );
  await writeFile(file, markup);
}

/** More than any run leaves: a record may come from anybody. */
const MOST_BYTES = 256 << 20;

/** A record may come from anybody: what it names lies below its own folder, links and all, or is nowhere. */
async function placeBelow(root: string | null, { evidence }: Run): Promise<string | null> {
  if (root === null || evidence === undefined || /\p{Cs}/u.test(evidence)) return null;
  const place = path.join(root, evidence);
  const real = await realpath(place).catch(() => '');
  return real.startsWith(`${root}${path.sep}`) ? place : null;
}

const none = (problem: string): TimelineFound => ({ timeline: null, problem });

async function readTimeline(place: string | null): Promise<TimelineFound> {
  const file = path.join(place ?? '', 'timeline.jsonl');
  const found = place === null ? null : await lstat(file).catch(() => null);
  if (!found?.isFile()) return none('is not beside the record');
  if (found.size > MOST_BYTES) return none('is too large to be shown');
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? none('can’t be read') : parseTimeline(text);
}

async function evidencePlace(place: string | null, page: string): Promise<EvidencePlace | null> {
  const files = place === null ? [] : await readdir(place).catch(() => []);
  if (place === null || files.length === 0) return null;
  const from = await realpath(path.resolve(path.dirname(page)));
  const address = path.relative(from, place).split(path.sep).map(encodeURIComponent).join('/');
  // A page may lie in the evidence itself.
  return { address: address === '' ? '.' : address, files };
}
