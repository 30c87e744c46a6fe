import { appendFile } from 'node:fs/promises';
import type { RecordEvent } from '../lab/record.ts';
import { renderAnnotations } from '../report/github.ts';
import { renderMarkdown } from '../report/markdown.ts';

/** Inside GitHub Actions: annotations on standard error, and the field guide as the job's summary. Elsewhere nothing. */
export async function tellGithub(
  events: readonly RecordEvent[],
  environment: NodeJS.ProcessEnv,
  write: (text: string) => void,
): Promise<void> {
  if (environment['GITHUB_ACTIONS'] !== 'true') return;
  for (const line of renderAnnotations(events)) write(`${line}\n`);
  const summary = environment['GITHUB_STEP_SUMMARY'];
  // What GitHub does not take is no reason to fail a run.
  if (summary !== undefined) await appendFile(summary, renderMarkdown(events)).catch(() => undefined);
}
