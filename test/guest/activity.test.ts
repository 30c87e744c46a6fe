import { expect, test } from 'vitest';
import { Activity, cpuSeconds } from '../../harness/guest/activity.ts';

test('the next event wakes everybody who waits, and only them', async () => {
  const activity = new Activity();
  const waiting = [activity.next(60_000), activity.next(60_000)];
  activity.happened();
  expect(await Promise.all(waiting)).toEqual([true, true]);
  expect(activity.count).toBe(1);
  expect(await activity.next(1)).toBe(false);
});

test('who waits again at once waits for the event after', async () => {
  const activity = new Activity();
  const woken: number[] = [];
  const watch = async () => {
    while (await activity.next(60_000, controller.signal)) woken.push(activity.count);
  };
  const controller = new AbortController();
  const watching = watch();
  for (let at = 0; at < 3; at++) {
    activity.happened();
    await new Promise((resolve) => setImmediate(resolve));
  }
  controller.abort();
  await watching;
  expect(woken).toEqual([1, 2, 3]);
});

test('a signal ends the wait, also one that is aborted already', async () => {
  const activity = new Activity();
  const controller = new AbortController();
  const waiting = activity.next(60_000, controller.signal);
  controller.abort();
  expect(await waiting).toBe(false);
  expect(await activity.next(60_000, controller.signal)).toBe(false);
});

test('the CPU time of a process grows while it works; one that is gone has none', async () => {
  const before = cpuSeconds(process.pid);
  const start = process.cpuUsage();
  while (process.cpuUsage(start).user < 60_000);
  expect(cpuSeconds(process.pid) - before).toBeGreaterThan(0.04);
  expect(cpuSeconds(2 ** 22 + 1)).toBe(0);
});
