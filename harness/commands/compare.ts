import { writeFile } from 'node:fs/promises';
import { compareRecords, isRegression } from '../report/compare.ts';
import { renderComparison } from '../report/compare-text.ts';
import { renderComparePage } from '../report/html/compare-page.ts';
import { checkWritable, readRecord, type ReportIo, unwritable } from './report.ts';

/** Of the JSON document: raised when a field changes its meaning or goes. */
const VERSION = 1;

/**
 * `crashlab compare BASE NEW`: what got worse, better, appeared and vanished between two run records. Returns 1 for a
 * regression, else 0. Errors: those of `crashlab report`.
 */
export async function compareCommand(
  files: { base: string; next: string },
  options: { json?: boolean; html?: string },
  io: ReportIo,
): Promise<number> {
  const { html } = options;
  if (html !== undefined) await checkWritable(html);
  const [base, next] = [await readRecord(files.base), await readRecord(files.next)];
  const comparisons = compareRecords(base.events, next.events);
  if (options.json) {
    const plain = comparisons.map(({ base: one, next: other, ...rest }) => ({
      ...rest,
      base: one && { total: one.total, bad: one.bad, none: one.none },
      new: other && { total: other.total, bad: other.bad, none: other.none },
    }));
    const regression = comparisons.some(isRegression);
    io.stdout(`${JSON.stringify({ version: VERSION, regression, experiments: plain }, null, 2)}\n`);
  } else io.stdout(renderComparison(comparisons, io));
  if (html !== undefined)
    await writeFile(html, renderComparePage(comparisons, files)).catch((cause: unknown) => {
      throw unwritable(html, cause);
    });
  return comparisons.some(isRegression) ? 1 : 0;
}
