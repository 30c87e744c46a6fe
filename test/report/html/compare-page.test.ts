import { expect, test } from 'vitest';
import { compareRecords } from '../../../harness/report/compare.ts';
import { renderComparePage } from '../../../harness/report/html/compare-page.ts';
import { lost, record, verdict } from '../build.ts';

test('a page of what changed stays small, however long a name is', () => {
  const name = 'x'.repeat(1 << 20);
  const cell = { kernel: 'k'.repeat(1 << 20) };
  const worse = verdict(name, { wire: lost(3), differences: ['3 records did not arrive.'] });
  const comparison = compareRecords(record(verdict(name), verdict('b', { cell })), record(worse));
  const page = renderComparePage(comparison, { base: 'a.jsonl', next: 'b.jsonl' });
  expect(page.length).toBeLessThan(50_000);
  expect(page).toMatch(/xxx… \(\d{7} more characters; the whole text is in run\.jsonl\)/);
});
