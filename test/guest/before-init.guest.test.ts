import { expect, test } from 'vitest';
import { bootGuest } from '../../harness/guest/boot.ts';
import { serveBeforeInit } from '../../images/before-init.ts';
import { forEver } from './for-ever.ts';
import { BOOT_MS, stockSpecification } from './stock.ts';

test('a guest is up before PID 1 runs, and boots on when its agent exits', async () => {
  const plain = await stockSpecification();
  const initramfs = await serveBeforeInit(plain.initramfs);
  const options = { format: 'extended', signal: forEver, bootTimeoutMs: BOOT_MS } as const;
  const { guest } = await bootGuest({ ...plain, initramfs }, options);
  await using _ = guest;
  const { agent, activity, serial, signal } = guest;
  expect(await agent.must('cat /proc/1/comm', signal)).toBe('swapper/0\n');
  expect(serial.text()).not.toContain('as init process');
  agent.send('exit');
  while (!serial.text().includes('Run /init as init process')) {
    expect(await activity.next(30_000, signal)).toBe(true);
  }
});
