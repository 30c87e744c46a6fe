import { appendFile } from 'node:fs/promises';
import type { RecordEvent } from '../lab/record.ts';
import { renderAnnotations } from '../report/github.ts';
import { renderMarkdown } from '../report/markdown.ts';

/** GitHub takes a megabyte, and shows nothing of more. */
const MOST_SUMMARY = 500_000;

/** Inside GitHub Actions: annotations on standard error, and the field guide as the job's summary. Elsewhere nothing. */
export async function tellGithub(
  events: readonly RecordEvent[],
  environment: NodeJS.ProcessEnv,
  write: (text: string) => void,
): Promise<void> {
  if (environment['GITHUB_ACTIONS'] !== 'true') return;
  for (const line of renderAnnotations(events)) write(`${line}\n`);
  const summary = environment['GITHUB_STEP_SUMMARY'];
  if (summary === undefined) return;
  const guide = renderMarkdown(events);
  const text = guide.length < MOST_SUMMARY ? guide : 'The field guide is too large for a job summary.\n';
  // What GitHub does not take is no reason to fail a run.
  await appendFile(summary, text).catch(() => undefined);
}
