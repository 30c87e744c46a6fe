import { writeFile } from 'node:fs/promises';
import { compareRecords, isRegression, type RecordComparison } from '../report/compare.ts';
import { renderComparison } from '../report/compare-text.ts';
import type { Series } from '../report/differences.ts';
import { renderComparePage } from '../report/html/compare-page.ts';
import { renderDocument } from '../report/json.ts';
import { checkPage, readRecord, type ReportIo, unwritable } from './report.ts';

/** Of the JSON document: raised when a field changes its meaning or goes. */
const VERSION = 1;

/**
 * `crashlab compare BASE NEW`: what got worse, better, appeared and vanished between two run records. Returns 1 for a
 * regression, or where not all is known, else 0. Errors: those of `crashlab report`.
 */
export async function compareCommand(
  files: { base: string; next: string },
  options: { json?: boolean; html?: string },
  io: ReportIo,
): Promise<number> {
  const { html } = options;
  await checkPage(html, [files.base, files.next]);
  const [base, next] = [await readRecord(files.base), await readRecord(files.next)];
  const comparison = compareRecords(base.events, next.events);
  for (const [record, which] of [
    [base, 'before'],
    [next, 'now'],
  ] as const)
    if (record.truncated) comparison.problems.push(`Of the record ${which} the last line is cut.`);
  if (options.json) io.stdout(renderDocument(inJson(comparison)));
  else io.stdout(renderComparison(comparison, io));
  if (html !== undefined)
    await writeFile(html, renderComparePage(comparison, files)).catch((cause: unknown) => {
      throw unwritable(html, cause);
    });
  return isRegression(comparison) ? 1 : 0;
}

function inJson(comparison: RecordComparison): object {
  const { experiments, between, problems } = comparison;
  return {
    version: VERSION,
    regression: isRegression(comparison),
    problems,
    between: between.map(({ dimension, base, next }) => ({ dimension, base, new: next })),
    experiments: experiments.map(({ base, next, ...rest }) => ({
      ...rest,
      base: countsOf(base),
      new: countsOf(next),
    })),
  };
}

function countsOf(series: Series | null): object | null {
  if (!series) return null;
  const { runs, none, total, bad, unexpected } = series;
  return { runs: runs.length, withoutVerdict: none, total, bad, unexpected };
}
