import { expect, test } from 'vitest';
import { HostLosses } from '../../../harness/field/listen/losses.ts';

test('a loss is told once, and only what is new of it', () => {
  const losses = new HostLosses();
  const nothing = { kernel: 0, crowdedOut: 0 };
  expect(losses.since(nothing, [{ label: 'a', count: 0 }])).toBeNull();
  expect(losses.since({ kernel: 5, crowdedOut: 2 }, [{ label: 'a', count: 3 }])).toEqual({
    kernel: 5,
    crowdedOut: 2,
    thrownAway: { a: 3 },
  });
  expect(losses.since({ kernel: 5, crowdedOut: 2 }, [{ label: 'a', count: 3 }])).toBeNull();
  expect(losses.since({ kernel: 6, crowdedOut: 2 }, [{ label: 'b', count: 1 }])).toEqual({
    kernel: 1,
    crowdedOut: 0,
    thrownAway: { b: 1 },
  });
});

test('a count that begins anew, of another sender in the same place, is no loss', () => {
  const losses = new HostLosses();
  losses.since({ kernel: 0, crowdedOut: 0 }, [{ label: 'a', count: 10 }]);
  expect(losses.since({ kernel: 0, crowdedOut: 0 }, [{ label: 'a', count: 0 }])).toBeNull();
});
