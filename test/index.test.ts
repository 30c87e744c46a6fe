import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readCrashes, readLog } from '../harness/index.ts';

test('a log is judged in two calls', () => {
  const text = readFileSync(new URL('oops/fixtures/6.12/null.txt', import.meta.url), 'latin1');
  const { whole, crashes } = readCrashes(readLog(text));
  expect([whole, crashes[0]?.kind]).toEqual([true, 'null-dereference']);
});
