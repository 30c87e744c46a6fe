import { family, type Scenario, type ScenarioGuest, scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

/** Where something dies that a kernel can do without: it goes on, unless panic_on_oops is set. */
interface Place extends Pick<Scenario, 'needs' | 'prepare'> {
  title: string;
  why: string;
  kind: Scenario['expect']['kind'];
  says?: RegExp;
  /** Whether the guest still answers afterwards is chance. */
  survivalUncertain?: true;
  /** Dies in a process other than init, or in none; init would take the kernel with it. */
  die: (guest: ScenarioGuest) => Promise<void>;
}

const PLACES: Record<string, Place> = {
  task: {
    title: 'oops in a system call',
    why: 'The plainest oops: die() prints it, and nothing else is broken.',
    needs: ['gdb-stub'],
    kind: 'invalid-opcode',
    async die(guest) {
      await guest.crashAt(['__x64_sys_chdir', '__arm64_sys_chdir'], { provoke: '(cd /)' });
    },
  },
  'task-irqs-off': {
    title: 'oops in a task with its interrupts off',
    why: 'The network card’s interrupts can’t help: what is sent is sent by polling alone.',
    needs: ['lab-module'],
    kind: 'bug',
    async die(guest) {
      (await guest.lab()).crash({ how: 'bug', context: 'irqsoff' });
    },
  },
  kthread: {
    title: 'oops in a kernel thread',
    why: 'A driver’s own thread dies: no process of the user’s is there to blame.',
    needs: ['lab-module'],
    kind: 'bug',
    says: /^CPU: .* Comm: crashlab\b/,
    async die(guest) {
      (await guest.lab()).crash({ how: 'bug', context: 'kthread' });
    },
  },
  workqueue: {
    title: 'oops in a workqueue’s worker',
    why: 'Most of a driver’s slow work runs there, netconsole’s own among it: it must not need the worker that died.',
    needs: ['gdb-stub'],
    kind: 'invalid-opcode',
    says: /^Workqueue: events do_sync_work/,
    async die(guest) {
      await guest.crashAt('do_sync_work', { provoke: 'echo s > /proc/sysrq-trigger' });
    },
  },
  'page-reclaim': {
    title: 'oops in page reclaim, as memory is asked back from the root control group',
    why: 'netconsole allocates for every packet: it must not wait for the reclaim that died.',
    needs: ['gdb-stub'],
    kind: 'invalid-opcode',
    says: /try_to_free_mem_cgroup_pages\+/,
    async prepare({ guest }) {
      await guest.run('mkdir -p /tmp/cgroup');
      const mounted = await guest.attempt('mount -t cgroup2 cgroup /tmp/cgroup');
      const { status } = await guest.attempt('ls /tmp/cgroup/memory.reclaim');
      if (mounted.status !== 0 || status !== 0) guest.lacks('This kernel has no memory.reclaim.');
    },
    async die(guest) {
      await guest.crashAt('shrink_node', { provoke: '(echo 4M > /tmp/cgroup/memory.reclaim)' });
    },
  },
  'memory-pressure': {
    title: 'oops in page reclaim, as a process takes all memory there is',
    why: 'The reclaim that everybody waits for dies, and netconsole still has to allocate for every packet.',
    needs: ['gdb-stub'],
    kind: 'invalid-opcode',
    says: /^CPU: .* Comm: (?:tail|kswapd0)\b/,
    // 6.12: kswapd died, and the process waited for it for ever, and so did we. 6.1 and 7.2 went on.
    survivalUncertain: true,
    async die(guest) {
      await guest.crashAt('shrink_node', { provoke: '(tail /dev/zero)' });
    },
  },
  'block-io': {
    title: 'oops as a block device is read',
    why: 'Storage is what cannot be logged to any more: the reason to have netconsole.',
    needs: ['gdb-stub', 'module:null_blk'],
    kind: 'invalid-opcode',
    async prepare({ guest }) {
      await guest.load('null_blk', 'nr_devices=1 gb=1');
    },
    async die(guest) {
      // Not its first pages: those were read when partitions were looked for.
      // In the background: as it ends it waits for ever, for the page that it has locked itself.
      const provoke = 'dd if=/dev/nullb0 of=/dev/null bs=4096 skip=1000 count=1 &';
      await guest.crashAt('submit_bio', { provoke });
    },
  },
  'module-init': {
    title: 'oops while a module is being loaded',
    why: 'A driver dies as it comes up, in the process that loads it.',
    needs: ['lab-module'],
    kind: 'null-dereference',
    says: /crashlab: crashing in init, as asked/,
    async die(guest) {
      await guest.lab({ crashInInit: true });
    },
  },
};

/** The process or thread dies; the guest then answers again, which is how its report is known to be over. */
function survived({ title, why, needs, die, kind, says = END_TRACE, prepare }: Place): Scenario {
  return scenario({
    why,
    needs,
    title: `${title}; the guest lives on`,
    prepare: (context) => prepareFor(context.guest, 0, prepare),
    async run({ guest }) {
      await die(guest);
      await guest.run('true');
    },
    expect: { kind, context: 'task', ends: 'alive', says },
  });
}

function panics({ title, why, needs, die, kind, says = END_TRACE, prepare }: Place): Scenario {
  return scenario({
    why,
    needs,
    title: `${title}, with panic_on_oops=1`,
    prepare: (context) => prepareFor(context.guest, 1, prepare),
    run: ({ guest }) => die(guest),
    expect: { kind, context: 'task', ends: 'panic', says, losses: panicLosses },
  });
}

async function prepareFor(guest: ScenarioGuest, panicOnOops: 0 | 1, further: Place['prepare']) {
  await guest.run(`echo ${panicOnOops} > /proc/sys/kernel/panic_on_oops`);
  await further?.({ guest });
}

/** The end of die()'s report: Linux kernel/panic.c. */
const END_TRACE = /---\[ end trace/;

export default family(
  Object.fromEntries(
    Object.entries(PLACES).flatMap(([key, place]) => [
      ...(place.survivalUncertain ? [] : [[`${key}-survived`, survived(place)]]),
      [`${key}-panics`, panics(place)],
    ]),
  ),
);
