import { spawn } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { Activity } from '../../harness/guest/activity.ts';
import { drain, untilQuiet } from '../../harness/guest/quiet.ts';
import { forEver } from './for-ever.ts';

const MS = 100;
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('silence', () => {
  /** A process that uses a CPU, one that sleeps: what a guest's QEMU looks like from outside. */
  const busy = spawn('sh', ['-c', 'ulimit -t 10; while :; do :; done']);
  const idle = spawn('sleep', ['1000']);
  afterAll(() => {
    busy.kill('SIGKILL');
    idle.kill('SIGKILL');
  });

  test('of a busy guest counts when it was long enough', async () => {
    const startMs = performance.now();
    expect(await untilQuiet(guestOf(busy), MS, forEver)).toBe(true);
    expect(performance.now() - startMs).toBeGreaterThan(MS * 0.9);
  });

  test('of a guest that did not run counts only after three times as long', async () => {
    const startMs = performance.now();
    expect(await untilQuiet(guestOf(idle), MS, forEver)).toBe(true);
    expect(performance.now() - startMs).toBeGreaterThan(MS * 2.9);
  });

  test('begins anew with every word', async () => {
    const guest = guestOf(busy);
    let quiet = false;
    const waiting = untilQuiet(guest, MS, forEver).then(() => (quiet = true));
    for (let at = 0; at < 10; at++) {
      await guest.activity.next(MS / 3);
      guest.activity.happened();
      expect(quiet).toBe(false);
    }
    await waiting;
    expect(performance.now() - guest.activity.lastMs).toBeGreaterThan(MS * 0.9);
  });

  test('is not waited for any more when the signal aborts or the caller has seen enough', async () => {
    const guest = guestOf(idle);
    const controller = new AbortController();
    const aborted = untilQuiet(guest, 60_000, controller.signal);
    let enough = false;
    const ended = untilQuiet(guest, 60_000, forEver, () => enough);
    enough = true;
    guest.activity.happened();
    expect(await ended).toBe(false);
    controller.abort();
    expect(await aborted).toBe(false);
  });

  test('costs next to nothing to wait for, whether the guest talks or not', async () => {
    const guest = guestOf(idle);
    const controller = new AbortController();
    const before = process.cpuUsage();
    const waiting = untilQuiet(guest, 5000, controller.signal);
    for (let at = 0; at < 5000; at++) {
      guest.activity.happened();
      await turn();
    }
    await guest.activity.next(300);
    controller.abort();
    await waiting;
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(250);
  });
});

describe('draining', () => {
  test('asks until nothing comes any more', async () => {
    const { guest, asked } = holdingBack(3);
    await drain(guest);
    expect(guest.activity.count).toBe(3);
    expect(asked()).toBe(4);
  });

  test('fails with QEMU', async () => {
    await expect(drain({ activity: new Activity(), qemu: { qmp: { execute: gone } } })).rejects.toThrow(
      'gone',
    );
  });
});

const gone = () => Promise.reject(new Error('gone'));

const guestOf = ({ pid = 0 }: { pid?: number | undefined }) => ({
  activity: new Activity(),
  qemu: { pid },
});

/** A QEMU that has this many words left, one of which comes after each answer. */
function holdingBack(words: number) {
  const activity = new Activity();
  let asked = 0;
  const execute = async () => {
    asked += 1;
    if (words-- > 0) setImmediate(activity.happened);
    await turn();
  };
  return { guest: { activity, qemu: { qmp: { execute } } }, asked: () => asked, left: () => words };
}
