import {
  family,
  type KnownLoss,
  type Scenario,
  type ScenarioGuest,
  scenario,
} from '../harness/lab/scenario.ts';
import { lastLineInNmi, panicLosses } from './known-losses.ts';

type LabModule = Awaited<ReturnType<ScenarioGuest['lab']>>;
type Death = Parameters<LabModule['crash']>[0]['how'];

interface How extends Pick<Scenario['expect'], 'kind' | 'context' | 'says'> {
  what: string;
  why: string;
  needs?: Scenario['needs'];
  /** Reported in NMI context, where printk is put off. */
  asNmi?: true;
  /** Known of this death alone. */
  losses?: KnownLoss[];
}

/** arm64: a CPU that oopses inside its own report waits for itself. */
const waitsForItself: KnownLoss = {
  when: ({ cell }) => cell.arch === 'arm64',
  how: 'sometimes',
  hangs: 'always',
  because: 'die() takes a lock around its report, and does not know that its own CPU has it already',
  source: 'arch/arm64/kernel/traps.c; measured on 6.12: the second report ends before its registers',
};

const X86: Scenario['needs'] = ['x86-64'];
const OWN_STACK =
  'The report is printed on the exception’s own stack, in NMI context: the way out has no stack to go back to.';

/** In a task, with panic_on_oops=1; the lab module's words for it. */
const DEATHS: Partial<Record<Death, How>> = {
  bug: {
    what: 'BUG()',
    why: 'The kernel’s own way to say that it cannot go on.',
    kind: 'bug',
    context: 'task',
  },
  null: {
    what: 'a write to address 0',
    why: 'The commonest oops there is.',
    kind: 'null-dereference',
    context: 'task',
  },
  'page-fault': {
    what: 'a write to an address that is not mapped',
    why: 'A pointer that was an error number: the second commonest.',
    kind: 'page-fault',
    context: 'task',
  },
  gpf: {
    what: 'a write to what is no address at all',
    why: 'A pointer that was overwritten: memory is not to be trusted, and netconsole has to work with it.',
    needs: X86,
    kind: 'general-protection',
    context: 'task',
  },
  divide: {
    what: 'a division by zero',
    why: 'An exception that is no page fault.',
    needs: X86,
    kind: 'divide-error',
    context: 'task',
  },
  'list-del': {
    what: 'an entry deleted from a list it is not in',
    why: 'The kernel’s own check finds memory overwritten; whether it dies of that is the kernel’s configuration.',
    kind: 'bug',
    context: 'task',
    says: /list_del corruption/,
  },
  'stack-overflow': {
    what: 'a kernel stack that overflows',
    why: OWN_STACK,
    says: /---\[ end trace|^Insufficient stack space to handle exception!/,
    kind: 'stack-overflow',
    asNmi: true,
  },
  'double-fault': {
    what: 'a double fault',
    why: OWN_STACK,
    needs: X86,
    kind: 'double-fault',
    asNmi: true,
  },
  recursive: {
    what: 'an oops inside the report of another',
    why: 'The second report cuts the first one in two: both must arrive.',
    kind: 'bug',
    context: 'task',
    says: /BUG: kernel NULL pointer dereference|Unable to handle kernel NULL pointer dereference/,
    losses: [waitsForItself],
  },
};

function diesOf(
  how: Death,
  { what, why, needs = [], kind, context, says = /---\[ end trace/, asNmi, losses = [] }: How,
): Scenario {
  return scenario({
    title: `death of ${what}`,
    why,
    needs: ['lab-module', ...needs],
    async prepare({ guest }) {
      await guest.run('echo 1 > /proc/sys/kernel/panic_on_oops');
    },
    async run({ guest }) {
      const lab = await guest.lab();
      lab.crash({ how });
    },
    expect: {
      kind,
      ...(context ? { context } : {}),
      ends: 'panic',
      says,
      losses: [...losses, ...panicLosses, ...(asNmi ? [lastLineInNmi] : [])],
    },
  });
}

function jumps(how: 'null-jump' | 'panic', what: string, expect: Scenario['expect']): Scenario {
  return scenario({
    title: `death of ${what}`,
    why: 'What any stock kernel can be made to die of, at any call: no module is needed.',
    needs: ['gdb-stub'],
    async prepare({ guest }) {
      await guest.run('echo 1 > /proc/sys/kernel/panic_on_oops');
    },
    async run({ guest }) {
      await guest.crashAt(['__x64_sys_chdir', '__arm64_sys_chdir'], { how, provoke: '(cd /)' });
    },
    expect,
  });
}

export default family({
  ...Object.fromEntries(Object.entries(DEATHS).map(([how, about]) => [how, diesOf(how as Death, about)])),
  'null-jump': jumps('null-jump', 'a call of address 0', {
    kind: 'null-dereference',
    context: 'task',
    ends: 'panic',
    losses: panicLosses,
  }),
  panic: jumps('panic', 'a call of panic()', {
    kind: 'panic',
    context: 'task',
    ends: 'panic',
    says: /crashlab: panic at __\w+_sys_chdir/,
    losses: panicLosses,
  }),
});
