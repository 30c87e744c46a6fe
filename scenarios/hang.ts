import {
  type Expectation,
  family,
  type Scenario,
  scenario,
  type ScenarioGuest,
} from '../harness/lab/scenario.ts';
import { lastLineInNmi, rebootsBeforeFlush } from './known-losses.ts';

/** What the lab module knows to lock up. */
type Lockup = 'soft' | 'hard' | 'rcu' | 'hung-task';

const LOCKED_SECONDS = 100;
/** For a detector that needs a few seconds of a guest that the host may hardly run. */
const PATIENCE_SECONDS = 60;
const WHY = 'A hang says nothing by itself: what its detector says is all there will ever be.';

/** Never waited for: on the guest's only CPU it ends when the guest does. */
const lock = (guest: ScenarioGuest, kind: Lockup) =>
  guest.kill(`(echo 'lockup kind=${kind} seconds=${LOCKED_SECONDS}' > /proc/crashlab)`);

interface Detected {
  title: string;
  lockup: Lockup;
  /** Files below /proc/sys/kernel or absolute, and what is written to them. */
  settings: Record<string, number>;
  says: RegExp;
  expect: Pick<Expectation, 'kind' | 'context'>;
  /** Why this guest can't have it, when it can't. */
  lacks?: (guest: ScenarioGuest) => Promise<string | null>;
  vcpus?: 2;
  /** With what else to do in the guest, on the second CPU. */
  busy?: true;
}

/** Processes come and go, for a minute: each wants a grace period of RCU’s. */
const BUSY = '(i=0; while [ $i -lt 600 ]; do i=$((i+1)); usleep 100000; done)';

function detected({ title, lockup, settings, says, expect, lacks, vcpus, busy }: Detected): Scenario {
  return scenario({
    title,
    why: WHY,
    needs: vcpus ? ['lab-module', `vcpus:${vcpus}`] : ['lab-module'],
    async prepare({ guest }) {
      const reason = await lacks?.(guest);
      if (reason) guest.lacks(reason);
      for (const [file, value] of Object.entries(settings)) {
        const path = file.startsWith('/') ? file : `/proc/sys/kernel/${file}`;
        const { status } = await guest.attempt(`(echo ${value} > ${path})`);
        if (status !== 0) guest.lacks(`This kernel has no setting ${path}.`);
      }
      await guest.lab();
    },
    async run({ guest }) {
      lock(guest, lockup);
      if (busy) guest.kill(BUSY);
      await guest.until(says, PATIENCE_SECONDS);
    },
    expect: { ...expect, ends: 'panic', says, losses: [rebootsBeforeFlush] },
  });
}

/** The perf detector counts cycles with a PMU that an emulated CPU has not; the buddy detector needs a second CPU. */
async function noHardDetector(guest: ScenarioGuest): Promise<string | null> {
  const { output } = await guest.attempt(
    'echo 1 > /proc/sys/kernel/nmi_watchdog; cat /proc/sys/kernel/nmi_watchdog',
  );
  return output.trim() === '1' ? null : 'No hard lockup detector runs here: its perf counter needs a PMU.';
}

export default family({
  soft: detected({
    title: 'soft lockup, and that is a panic',
    lockup: 'soft',
    settings: { softlockup_panic: 1, watchdog_thresh: 1 },
    says: /BUG: soft lockup - CPU#\d+ stuck/,
    expect: { kind: 'soft-lockup' },
  }),
  hard: detected({
    title: 'hard lockup, and that is a panic',
    lockup: 'hard',
    settings: { hardlockup_panic: 1, watchdog_thresh: 1 },
    says: /detected hard LOCKUP/,
    // In whose context depends on who finds it: an NMI of its own, or another CPU’s timer.
    expect: { kind: 'hard-lockup' },
    lacks: noHardDetector,
    vcpus: 2,
  }),
  rcu: detected({
    title: 'RCU stall, and that is a panic',
    lockup: 'rcu',
    settings: { '/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout': 3, panic_on_rcu_stall: 1 },
    says: /rcu\w* (?:self-detected stall|detected stalls)/,
    expect: { kind: 'rcu-stall' },
    // A stall is one of a grace period, which somebody must have begun.
    vcpus: 2,
    busy: true,
  }),
  'hung-task': detected({
    title: 'a task that hangs, and that is a panic',
    lockup: 'hung-task',
    settings: { hung_task_timeout_secs: 2, hung_task_check_interval_secs: 1, hung_task_panic: 1 },
    says: /blocked (?:in I\/O wait )?for more than \d+ seconds/,
    expect: { kind: 'hung-task' },
  }),
  'irqs-off-nmi': scenario({
    title: 'a CPU spins with interrupts off until an NMI ends it',
    why: WHY,
    needs: ['lab-module', 'nmi'],
    async prepare({ guest }) {
      await guest.run('echo 1 > /proc/sys/kernel/unknown_nmi_panic');
      await guest.lab();
    },
    async run({ guest }) {
      lock(guest, 'hard');
      // Nothing can be heard of a CPU that spins; that it did is proved by the trace.
      await guest.pause(1000);
      await guest.injectNmi();
    },
    expect: {
      kind: 'panic',
      context: 'nmi',
      ends: 'panic',
      says: /(?:hard|spin)(?:\.\w+)*\+0x\w+\/0x\w+ \[crashlab\]/,
      losses: [rebootsBeforeFlush, lastLineInNmi],
    },
  }),
  'irqs-off': scenario({
    title: '50 lines, then the only CPU spins with interrupts off, for ever',
    why: 'The hang that nobody detects: what was said just before is the only trace of it.',
    needs: ['lab-module'],
    panic: 0,
    async prepare({ guest }) {
      await guest.lab();
    },
    async run({ guest }) {
      guest.kill(
        '(i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo "<6>before the hang $i/50" > /dev/kmsg; done; echo \'crash how=hang context=irqsoff\' > /proc/crashlab)',
      );
    },
    expect: { kind: 'none', ends: 'hang', says: /^before the hang 50\/50$/ },
  }),
});
