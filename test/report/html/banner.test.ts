import { expect, test } from 'vitest';
import type { RecordEvent } from '../../../harness/lab/record.ts';
import { banner } from '../../../harness/report/html/banner.ts';
import { replay } from '../../../harness/report/replay.ts';
import { begin, end, infrastructure, lost, record, skipped, start, verdict } from '../build.ts';

const differing = verdict('a', { wire: lost(1), differences: ['1 record did not arrive.'] });
const known = verdict('a', { wire: lost(3), expect: { wire: 'incomplete', because: 'it is known' } });
const lacking = skipped('a', 'No such card.');

test.each<[string, RecordEvent[], string]>([
  ['all whole', record(verdict('a')), 'good">✓ Everything is as expected'],
  [
    'a known loss',
    record(verdict('a'), known),
    'good">✓ Everything is as expected: 1 of 2 runs lost records, for a known reason',
  ],
  [
    'some skipped',
    record(verdict('a'), lacking),
    'good">✓ Everything that was tested is as expected: 1 of 2 runs is skipped',
  ],
  ['all skipped', record(lacking, lacking), 'odd">– Nothing was tested: 2 of 2 runs are skipped'],
  ['no verdict', record(verdict('a'), infrastructure('b')), 'odd">? 1 of 2 runs have no verdict'],
  [
    'a short record',
    [start(2), verdict('a'), end()],
    'odd">? Not all was run: 1 of 2 planned runs have no outcome',
  ],
  [
    'a record without a start',
    [begin('a'), begin('b'), verdict('a')],
    'odd">? Not all was run: 1 of 2 planned runs have no outcome',
  ],
  ['a short record with a loss', [start(2), differing], 'bad">✗ 1 of 1 runs is not as expected'],
  ['nothing', record(), 'odd">? Nothing was run'],
])('of %s the first line says what it proves', (_, events, words) => {
  expect(banner(replay(events)).markup).toBe(`<p class="banner ${words}</p>`);
});
