import { expect, test } from 'crashlab/vitest';

test('an oops in a hard interrupt arrives, all of it', async ({ guest }) => {
  await guest.crashAt('hrtimer_interrupt');
  const death = await guest.death();
  expect(death).toDieOf({ kind: 'invalid-opcode', context: 'hardirq' });
  expect(death).toHaveArrivedComplete();
});
