import { expect, test } from 'vitest';
import { exitCode } from '../../harness/report/exit.ts';
import { complete, end, infrastructure, lost, record, skipped, start, verdict } from './build.ts';

const good = verdict('good');
const differing = verdict('differing', { wire: lost(1), differences: ['The wire lost a record.'] });

test.each([
  [0, 'all is complete', record(good)],
  [0, 'a loss was expected', record(verdict('known', { wire: lost(59), expect: { wire: 'incomplete' } }))],
  [1, 'a verdict differs', record(good, differing)],
  [1, 'a known loss is gone', record(verdict('news', { wire: complete(), differences: ['No loss.'] }))],
  [1, 'a verdict differs and a guest was silent', record(differing, infrastructure('a', 'guest'))],
  [4, 'the guest is to blame', record(good, infrastructure('a', 'guest'))],
  [3, 'the host is to blame', record(good, infrastructure('a', 'host'))],
  [70, 'the lab is to blame', record(good, infrastructure('a', 'lab'))],
  [4, 'the guest and the lab are to blame', record(infrastructure('a', 'lab'), infrastructure('b', 'guest'))],
  [130, 'the user stopped it', [start(2), good, end(1, true)]],
  [70, 'the lab was killed', [start(2), good]],
  [70, 'the lab forgot a run', [start(2), good, end()]],
  [70, 'nothing was run', record()],
  [0, 'a run was skipped and another is complete', record(good, skipped('a', 'no keyboard'))],
  [4, 'all runs were skipped: nothing was tested', record(skipped('a', 'no keyboard'))],
])('exits %d when %s', (code, _, events) => {
  expect(exitCode(events)).toBe(code);
});

test('all runs are judged before the end event is written', () => {
  expect(exitCode([start(1), good])).toBe(0);
});
