import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { panicking } from './panicking.ts';

/** A CPU that we may use. */
const [, cpu = '0'] = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];

/** From now on QEMU shares one CPU with others that always want it. */
function starve(pid: number): void {
  execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', cpu, String(pid)]);
  for (let others = 0; others < 3; others++) {
    const busy = ['--cpu-list', cpu, 'sh', '-c', 'while :; do :; done'];
    const child = spawn('taskset', busy, { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
  }
}

test('a loss while the host did not run QEMU is no verdict', async () => {
  const run = await panicking(async (guest, _, panic) => {
    starve(guest.qemu.pid);
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
    starve(guest.qemu.pid);
    guest.segment.injectFaults({ seed: 1, rules: [{ fault: { kind: 'drop' }, nth: [3] }] });
    await panic();
  });
  expect(run).toMatchObject({ outcome: 'verdict', expected: false, wire: { status: 'incomplete' } });
});
