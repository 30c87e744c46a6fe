import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../end-to-end/crashlab.ts';
import { waitedForCpuMs } from '../../harness/guest/activity.ts';
import type { Guest } from '../../harness/guest/guest.ts';
import { openScratch } from '../../harness/host/scratch.ts';
import { watchStarvation } from '../../harness/guest/starvation.ts';

/** A process that looks like a guest's QEMU to the watch. */
function processRunning(script: string): Pick<Guest, 'qemu'> {
  const child = spawn('sh', ['-c', script], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { qemu: { pid: child.pid } } as Pick<Guest, 'qemu'>;
}

test('a guest whose QEMU had to wait for a CPU gets no verdict on a loss', { timeout: 30_000 }, async () => {
  const busy = Array.from({ length: 4 * availableParallelism() }, () =>
    processRunning('while :; do :; done'),
  );
  const [guest] = busy;
  if (!guest) throw new Error('no process');
  const watch = watchStarvation(guest as Guest);
  const before = waitedForCpuMs(guest.qemu.pid) ?? 0;
  while ((waitedForCpuMs(guest.qemu.pid) ?? 0) - before < 100);
  watch.stop();
  await expect(watch.refuse({ crowded: false })).rejects.toThrow('for a CPU while its guest died');
});

test('a guest that was run when it wanted keeps its verdict, but not beside others', async () => {
  vi.stubEnv('TMPDIR', await temporaryFolder());
  onTestFinished(() => void vi.unstubAllEnvs());
  const guest = processRunning('sleep 60') as Guest;
  const watch = watchStarvation(guest);
  watch.stop();
  await watch.refuse({ crowded: false });
  await expect(watch.refuse({ crowded: true })).rejects.toThrow('Other guests ran beside it');
  // Two guests, of whatever process.
  await using _ = await openScratch();
  await using __ = await openScratch();
  await expect(watch.refuse({ crowded: false })).rejects.toThrow('Other guests ran beside it');
});

test('a process that is gone has waited for nothing that anybody knows', async () => {
  expect(waitedForCpuMs(2 ** 22 + 1)).toBeNull();
});
