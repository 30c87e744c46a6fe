import { expect, test } from 'vitest';
import { momentsOf } from '../../harness/lab/moments.ts';

const acts = Array.from({ length: 250 }, (_, at) => ({ atMs: 1000 + at, name: `act ${at}` }));
const end = { atMs: 1250, name: 'SHUTDOWN' };

test('of very many moments the first and the last are kept: the trigger is among them', () => {
  const kept = momentsOf({ events: [end], segment: { changes: [] } }, acts, 1000);
  expect(kept).toHaveLength(100);
  expect(kept[0]?.name).toBe('act 0');
  expect(kept.slice(-2).map(({ name }) => name)).toEqual(['act 249', 'the guest resets or powers off']);
});
