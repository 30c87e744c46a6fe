import { family, type Scenario, scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

const DEBUGFS = '/tmp/debugfs';
const DIRECT = `${DEBUGFS}/provoke-crash/DIRECT`;

interface CrashType extends Pick<Scenario['expect'], 'kind' | 'context'> {
  says: RegExp;
  /** The kernel goes on; otherwise it panics. */
  survived?: true;
}

/** By LKDTM's own names, those that end in a crash report: Linux drivers/misc/lkdtm/bugs.c. All ran on a 6.1.192 built for it. */
const CRASH_TYPES: Record<string, CrashType> = {
  PANIC: { kind: 'panic', context: 'task', says: /Kernel panic - not syncing: dumptest/ },
  BUG: { kind: 'bug', context: 'task', says: /kernel BUG at .*lkdtm/ },
  WARNING: { kind: 'warning', context: 'task', says: /WARNING: .*lkdtm_WARNING/, survived: true },
  EXCEPTION: { kind: 'null-dereference', context: 'task', says: /NULL pointer dereference/ },
  CORRUPT_LIST_ADD: {
    kind: ['bug', 'warning'],
    context: 'task',
    says: /list_add corruption/,
    survived: true,
  },
};

function provoked(name: string, { kind, context, says, survived }: CrashType): Scenario {
  return scenario({
    title: `LKDTM’s ${name}${survived ? '; the guest lives on' : ''}`,
    why: 'The kernel’s own crash test module, which its selftests leave out because it crashes the entire system.',
    needs: ['module:lkdtm'],
    suite: 'full',
    async prepare({ guest }) {
      await guest.load('lkdtm');
      await guest.run(`mkdir ${DEBUGFS} && mount -t debugfs debugfs ${DEBUGFS}`);
      const { status } = await guest.attempt(`grep -qx ${name} ${DIRECT}`);
      if (status !== 0) guest.lacks(`This kernel’s LKDTM has no ${name}.`);
      await guest.run(`echo ${survived ? 0 : 1} > /proc/sys/kernel/panic_on_oops`);
    },
    async run({ guest }) {
      guest.kill(`(echo ${name} > ${DIRECT})`);
      if (!survived) return;
      await guest.until(says, 20);
      await guest.run('true');
    },
    expect: {
      kind,
      ...(context ? { context } : {}),
      says,
      ends: survived ? 'alive' : 'panic',
      losses: survived ? [] : panicLosses,
    },
  });
}

export default family(
  Object.fromEntries(
    Object.entries(CRASH_TYPES).map(([name, type]) => [
      name.toLowerCase().replaceAll('_', '-'),
      provoked(name, type),
    ]),
  ),
);
