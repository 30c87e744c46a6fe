import { expect, test } from 'vitest';
import { cloneTemplate } from '../../harness/guest/template.ts';
import { forEver } from './for-ever.ts';
import { stockTemplate } from './stock.ts';

const LINES = 400;
/** Much longer than the guest takes for its lines, under emulation. */
const DEAF_MS = 4000;

test('a console that nobody reads for seconds has lost nothing of what was said on it', async () => {
  const template = await stockTemplate();
  await using guest = await cloneTemplate(template, { signal: forEver });
  await guest.agent.must('echo 8 > /proc/sys/kernel/printk', guest.signal);
  guest.agent.send(
    `i=0; while [ $i -lt ${LINES} ]; do i=$((i+1)); echo "<6>crashlab: line $i." > /dev/kmsg; done`,
  );
  // This process does nothing meanwhile, as on a host that has no time for it.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, DEAF_MS);
  while (!guest.serial.text().includes(`line ${LINES}.`))
    expect(await guest.activity.next(30_000, guest.signal)).toBe(true);
  const numbers = [...guest.serial.text().matchAll(/crashlab: line (\d+)\./g)].map(([, number]) =>
    Number(number),
  );
  expect(numbers).toEqual(Array.from({ length: LINES }, (_, at) => at + 1));
});
