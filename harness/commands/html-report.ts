import { lstat, mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RecordEvent, Run } from '../lab/record.ts';
import { parseTimeline, type Timeline } from '../lab/timeline.ts';
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
  const markup = await renderPage(
    events,
    {
      timelineOf: (run) => readTimeline(run, folder),
      evidenceOf: (run) => evidencePlace(run, { file, folder }),
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
async function placeOf({ evidence }: Run, folder: string): Promise<string | null> {
  if (evidence === undefined || /\p{Cs}/u.test(evidence)) return null;
  const place = path.join(folder, evidence);
  const [root, real] = await Promise.all(
    [folder, place].map((one) => realpath(one === '' ? '.' : one).catch(() => '')),
  );
  return root && real?.startsWith(`${root}${path.sep}`) ? place : null;
}

async function readTimeline(run: Run, folder: string): Promise<Timeline | null> {
  const place = await placeOf(run, folder);
  if (place === null) return null;
  const file = path.join(place, 'timeline.jsonl');
  const found = await lstat(file).catch(() => null);
  if (!found?.isFile() || found.size > MOST_BYTES) return null;
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? null : parseTimeline(text);
}

async function evidencePlace(
  run: Run,
  { file, folder }: { file: string; folder: string },
): Promise<EvidencePlace | null> {
  const place = await placeOf(run, folder);
  const files = place === null ? [] : await readdir(place).catch(() => []);
  if (place === null || files.length === 0) return null;
  const steps = path.relative(path.dirname(file), place).split(path.sep);
  return { address: steps.map(encodeURIComponent).join('/'), files };
}
