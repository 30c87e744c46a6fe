import { family, type Scenario, scenario, type ScenarioGuest } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

/** What a boot dies of before PID 1 runs: the agent serves in an initcall, and the boot goes on when it exits. */
interface Death {
  title: string;
  why: string;
  needs?: Scenario['needs'];
  kind?: Scenario['expect']['kind'];
  says: RegExp;
  die: (guest: ScenarioGuest) => Promise<void>;
}

/** The kernel's own thread that becomes init when it finds one: Linux init/main.c. */
const NOT_YET_INIT = /^CPU: .* PID: 1 Comm: swapper\/0\b/;

const DEATHS: Record<string, Death> = {
  initcall: {
    title: 'panic in an initcall of the kernel’s own, before init',
    why: 'The 2001 promise: “even if the crash is in init”. A driver that is built in dies as the machine boots.',
    needs: ['gdb-stub'],
    says: /^Kernel panic - not syncing: crashlab: panic at do_one_initcall/,
    async die(guest) {
      await guest.crashAt('do_one_initcall', { how: 'panic', provoke: 'exit' });
    },
  },
  oops: {
    title: 'oops in an initcall of the kernel’s own, before init',
    why: 'What others survive is fatal in the thread that is to become init.',
    needs: ['gdb-stub'],
    kind: 'invalid-opcode',
    says: /^Kernel panic - not syncing: Attempted to kill init!/,
    async die(guest) {
      await guest.crashAt('do_one_initcall', { provoke: 'exit' });
    },
  },
  'no-root': {
    title: 'the boot finds no root file system',
    why: 'What boots die of most: a machine without a screen says so nowhere else.',
    says: /^Kernel panic - not syncing: VFS: Unable to mount root fs on /,
    async die(guest) {
      await guest.run('rm /init');
      guest.kill('exit');
    },
  },
  'no-init': {
    title: 'the boot finds no init that it can run',
    why: 'The last thing before init: the kernel is up, and has nothing to run.',
    says: /^Kernel panic - not syncing: No working init found\./,
    async die(guest) {
      await guest.run('echo "not a program" > /init && rm -f /bin/init /bin/sh');
      guest.kill('exit');
    },
  },
};

function booting({ title, why, needs = [], kind = 'panic', says, die }: Death): Scenario {
  return scenario({
    title,
    why,
    needs,
    boot: { start: 'before-init' },
    async prepare({ guest }) {
      const { status } = await guest.attempt('[ "$(cat /proc/1/comm)" = swapper/0 ]');
      if (status !== 0)
        guest.lacks('This kernel asks for no module before init: nothing can be set up there.');
    },
    run: ({ guest }) => die(guest),
    check: ({ written }) =>
      written.some(({ text }) => NOT_YET_INIT.test(text)) ? [] : ['It was not the boot that died.'],
    expect: { kind, context: 'task', ends: 'panic', says, losses: panicLosses },
  });
}

export default family(
  Object.fromEntries(Object.entries(DEATHS).map(([name, death]) => [name, booting(death)])),
);
