import {
  type Expectation,
  family,
  type KnownLoss,
  type Scenario,
  scenario,
  type ScenarioGuest,
} from '../harness/lab/scenario.ts';
import { addressesOf } from './kallsyms.ts';
import { lastLineInNmi, panicLosses, rebootsBeforeFlush } from './known-losses.ts';

/** What the lab module knows to lock up. */
type Lockup = 'soft' | 'hard' | 'rcu' | 'hung-task';

const LOCKED_SECONDS = 100;
/** For a detector that needs a few seconds of a guest that the host may hardly run. */
const PATIENCE_SECONDS = 60;
const WHY = 'A hang says nothing by itself: what its detector says is all there will ever be.';

/** Never waited for: on the guest's only CPU it ends when the guest does. */
const lock = (guest: ScenarioGuest, kind: Lockup, cpu?: number) =>
  guest.kill(
    `(echo 'lockup kind=${kind} seconds=${LOCKED_SECONDS}${cpu === undefined ? '' : ` cpu=${cpu}`}' > /proc/crashlab)`,
  );

/** Writes settings, files below /proc/sys/kernel or absolute; skips the run where there is no such setting. */
async function set(guest: ScenarioGuest, settings: Record<string, number>): Promise<void> {
  for (const [file, value] of Object.entries(settings)) {
    const path = file.startsWith('/') ? file : `/proc/sys/kernel/${file}`;
    const { status } = await guest.attempt(`(echo ${value} > ${path})`);
    if (status !== 0) guest.lacks(`This kernel has no setting ${path}.`);
  }
}

const PANICS = /Kernel panic - not syncing/;
const HARD_SETTINGS = { hardlockup_panic: 1, watchdog_thresh: 1 };

interface Detected {
  title: string;
  lockup: Lockup;
  /** As {@link set} has them. */
  settings: Record<string, number>;
  says: RegExp;
  expect: Pick<Expectation, 'kind' | 'context'>;
  /** Why this guest can't have it, when it can't. */
  lacks?: (guest: ScenarioGuest) => Promise<string | null>;
  vcpus?: 2;
  /** With what else to do in the guest, on the second CPU. */
  busy?: true;
  /** What is said next, later than a guest that says nothing is waited for. */
  next?: RegExp;
}

/** Processes come and go, for a minute: each wants a grace period of RCU’s. */
const BUSY = '(i=0; while [ $i -lt 600 ]; do i=$((i+1)); usleep 100000; done)';

function detected({ title, lockup, settings, says, expect, lacks, vcpus, busy, next }: Detected): Scenario {
  return scenario({
    title,
    why: WHY,
    needs: vcpus ? ['lab-module', `vcpus:${vcpus}`] : ['lab-module'],
    async prepare({ guest }) {
      const reason = await lacks?.(guest);
      if (reason) guest.lacks(reason);
      await set(guest, settings);
      await guest.lab();
    },
    async run({ guest }) {
      lock(guest, lockup);
      if (busy) guest.kill(BUSY);
      await guest.until(says, PATIENCE_SECONDS);
      if (next) await guest.until(next, PATIENCE_SECONDS);
    },
    expect: { ...expect, ends: 'panic', says, losses: panicLosses },
  });
}

/** What the perf detector has called when its counter is full: Linux kernel/watchdog_hld.c, watchdog_perf.c since 6.5. */
const CALLBACK = 'watchdog_overflow_callback';
const HARD_LOCKUP = /detected hard LOCKUP/;
/** The CPU that locks up: the one that the host's NMIs reach. */
const LOCKED_CPU = 0;
/** More than the two periods of the softlockup timer (0.8 s) that the detector waits at least. */
const COUNTER_FULL_MS = 1200;

/** The report before the panic has nobody either who would send it. */
const reportToo: KnownLoss = {
  ...rebootsBeforeFlush,
  from: HARD_LOCKUP,
  because: `on a CPU that is locked up no thread prints the report that comes before the panic; then, ${rebootsBeforeFlush.because}`,
};

/** The host's NMIs in place of a perf counter's: all else is the kernel's own detector. */
const hardByNmi = scenario({
  title: 'hard lockup, its detector asked by NMIs of the host’s, and that is a panic',
  why: WHY,
  needs: ['lab-module', 'nmi'],
  async prepare({ guest }) {
    const addresses = await addressesOf(guest, CALLBACK);
    const at = addresses.get(CALLBACK) ?? guest.lacks(`This kernel has no ${CALLBACK}().`);
    await set(guest, HARD_SETTINGS);
    const lab = await guest.lab();
    await lab.detector({ at, cpu: LOCKED_CPU });
  },
  async run({ guest }) {
    lock(guest, 'hard', LOCKED_CPU);
    const over = new AbortController();
    const asking = async () => {
      while (!over.signal.aborted) {
        await guest.injectNmi();
        await guest.pause(COUNTER_FULL_MS);
      }
    };
    const waiting = guest.until(HARD_LOCKUP, PATIENCE_SECONDS).finally(() => over.abort());
    await Promise.all([waiting, asking()]);
  },
  expect: {
    kind: 'hard-lockup',
    ends: 'panic',
    says: HARD_LOCKUP,
    losses: [reportToo, ...panicLosses, lastLineInNmi],
  },
});

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
    settings: HARD_SETTINGS,
    says: HARD_LOCKUP,
    // In whose context depends on who finds it: an NMI of its own, or another CPU’s timer.
    expect: { kind: 'hard-lockup' },
    lacks: noHardDetector,
    vcpus: 2,
    // The CPU that is locked up is asked for its trace: where no NMI reaches it, as on arm64, in vain for ten seconds.
    next: PANICS,
  }),
  'hard-nmi': hardByNmi,
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
      losses: [...panicLosses, lastLineInNmi],
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
