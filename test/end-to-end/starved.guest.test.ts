import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { waitedForCpuMs } from '../../harness/guest/activity.ts';
import type { Guest } from '../../harness/guest/guest.ts';
import { panicking } from './panicking.ts';

/** A CPU that we may use. */
const [, cpu = '0'] = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];

/** Far more than a verdict allows. */
const WAITED_MS = 100;

/** From now on QEMU shares one CPU with others that always want it; resolves when it has had to wait for them. */
async function starve({ qemu: { pid }, agent, signal }: Guest): Promise<void> {
  const before = waitedForCpuMs(pid) ?? 0;
  execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', cpu, String(pid)]);
  for (let others = 0; others < 3; others++) {
    const busy = ['--cpu-list', cpu, 'sh', '-c', 'while :; do :; done'];
    const child = spawn('taskset', busy, { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
  }
  while ((waitedForCpuMs(pid) ?? 0) - before < WAITED_MS) await agent.must('true', signal);
}

test('a loss while the host did not run QEMU is no verdict', async () => {
  const run = await panicking(async (guest, _, panic) => {
    await starve(guest);
    // The kernel sends nothing more: the same as if it had given up on a card that was busy.
    await guest.agent.must('ip link set eth0 down', guest.signal);
    await panic();
  });
  expect(run).toMatchObject({
    outcome: 'infrastructure',
    expected: false,
    reason: { blame: 'host', code: 'HOST_STARVED' },
  });
});

test('what a wire was made to lose is a verdict, whatever the host did', async () => {
  const run = await panicking(async (guest, _, panic) => {
    await starve(guest);
    guest.segment.injectFaults({ seed: 1, rules: [{ fault: { kind: 'drop' }, nth: [3] }] });
    await panic();
  });
  expect(run).toMatchObject({ outcome: 'verdict', expected: false, wire: { status: 'incomplete' } });
});
