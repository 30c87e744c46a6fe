import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Context, type Death, parseExhausted } from '../../harness/guest/lab-command.ts';
import { type LabModule, loadLabModule } from '../../harness/guest/lab-module.ts';
import type { Guest } from '../../harness/guest/guest.ts';
import { untilQuiet } from '../../harness/guest/quiet.ts';
import { type Evidence, takeEvidence } from '../../harness/lab/evidence.ts';
import { readOops } from '../../harness/oops/read.ts';
import { obtainKernel } from '../../images/kernel.ts';
import { obtainLabModule } from '../../images/lab-module.ts';
import { livingGuest } from './living-guest.ts';

interface LabGuest extends AsyncDisposable {
  guest: Guest;
  module: LabModule;
  file: string;
  /** What is in its log and on the wire once it is silent, or the text came. */
  evidence: (lastWords?: RegExp) => Promise<Evidence>;
}

async function labGuest(
  kernelName: string,
  suite: string,
  options: { vcpus?: number; crashInInit?: boolean; sent?: boolean } = {},
): Promise<LabGuest> {
  const built = await obtainLabModule(await obtainKernel(kernelName, { suite }));
  if ('unavailable' in built) throw new Error(built.unavailable);
  const { vcpus = 1, crashInInit = false, sent = false } = options;
  const files = sent ? [] : [built.file];
  const { guest, kernel } = await livingGuest({ kernel: kernelName, suite, vcpus, files });
  await guest.agent.must('echo 1 > /proc/sys/kernel/panic_on_oops', guest.signal);
  const module = await loadLabModule(guest.agent, built.file, { signal: guest.signal, crashInInit });
  return {
    guest,
    module,
    file: built.file,
    async evidence(lastWords) {
      while (lastWords?.test(guest.serial.text()) === false) {
        if (!(await guest.activity.next(60_000, guest.signal)))
          throw new Error('the guest says nothing more');
      }
      await untilQuiet(guest, 300, guest.signal);
      return takeEvidence(guest, kernel);
    },
    [Symbol.asyncDispose]: () => guest[Symbol.asyncDispose](),
  };
}

/** Message text of the ring, line by line. */
const linesIn = ({ ring }: Evidence) => ring.records.flatMap(({ text }) => text.split('\n'));

/** The kernel counts free pages a zone and CPU, and adds them up when they are 125: include/linux/mmzone.h. */
const COUNTED_LATE = 3 * 125;

const END = /---\[ end Kernel panic/;

/** What the module does, on a kernel of Debian's: `debian:6.1` and its suite. */
export function describeLabModule(kernelName: string, suite: string): void {
  describe(`the lab module on ${kernelName}`, () => {
    test('compiles without a warning', { timeout: 600_000 }, async () => {
      const one = await obtainLabModule(await obtainKernel(kernelName, { suite }));
      if (!('file' in one)) throw new Error(one.unavailable);
      const log = await readFile(path.join(path.dirname(one.file), 'build.log'), 'utf8');
      // kbuild compares the compiler's own name with that of Debian's build machine.
      expect(log.replaceAll(/^warning: (?:the compiler|pahole version) differs.*$/gm, '')).not.toMatch(
        /warning/i,
      );
    });

    test('a burst of 100 lines of 200 bytes is in the ring and on the wire, complete', async () => {
      await using lab = await labGuest(kernelName, suite);
      await lab.module.burst({ count: 100, size: 200, rate: 500 });
      const evidence = await lab.evidence();
      const written = linesIn(evidence).filter((line) => line.startsWith('crashlab: burst '));
      expect(written).toHaveLength(100);
      for (const [at, line] of written.entries()) {
        expect(line.startsWith(`crashlab: burst ${at + 1}/100 abcdef`)).toBe(true);
        expect(line).toHaveLength(200);
      }
      const arrived = [...evidence.wire.records.values()].flatMap((copies) => copies.map(({ text }) => text));
      expect(arrived.filter((line) => line.startsWith('crashlab: burst '))).toEqual(written);
    });

    test('dies, and sends a region of memory that it was told', async () => {
      await using lab = await labGuest(kernelName, suite);
      const { guest, module } = lab;
      const symbols = await guest.agent.must("grep ' linux_banner$' /proc/kallsyms", guest.signal);
      const version = await guest.agent.must('cat /proc/version', guest.signal);
      module.dump({ at: BigInt(`0x${symbols.split(' ')[0]}`), bytes: 300 });
      const pieces = linesIn(await lab.evidence(END)).flatMap(
        (line) => /^crashlab: dump [\da-f]+ (\d+)\/300 ([\da-f]+)$/.exec(line)?.slice(1) ?? [],
      );
      // 256 bytes a line, each after its offset.
      expect([pieces[0], pieces[2], pieces.length]).toEqual(['0', '256', 4]);
      const sent = Buffer.from(`${pieces[1]}${pieces[3]}`, 'hex');
      expect(sent).toHaveLength(300);
      expect(sent.subarray(0, 40).toString('latin1')).toBe(version.slice(0, 40));
    });

    test('is sent to a guest that does not carry it', async () => {
      await using lab = await labGuest(kernelName, suite, { sent: true });
      await lab.module.burst({ count: 3 });
      expect(
        linesIn(await lab.evidence()).filter((line) => /^crashlab: burst \d\/3 /.test(line)),
      ).toHaveLength(3);
    });

    test('takes all memory, says how much, and gives it back', async () => {
      await using lab = await labGuest(kernelName, suite);
      const freePages = async () => {
        const { groups } = /MemFree: +(?<kib>\d+)/.exec(
          await lab.guest.agent.must('cat /proc/meminfo', lab.guest.signal),
        ) ?? { groups: { kib: '0' } };
        return Number(groups?.['kib']) / 4;
      };
      const before = await freePages();
      for (const irqs of ['on', 'off'] as const) {
        const taken = await lab.module.exhaust({ irqs, lines: 20 });
        expect(taken.pages).toBeGreaterThan(before * 0.9);
        expect(taken.freePages).toBeLessThan(COUNTED_LATE);
      }
      expect((await lab.module.exhaust({ what: 'slab' })).objects).toBeGreaterThan(1000);
      expect(await freePages()).toBeGreaterThan(before * 0.9);
      const lines = linesIn(await lab.evidence());
      expect(lines.filter((line) => line.startsWith('crashlab: exhausted pages='))).toHaveLength(3);
      expect(lines.filter((line) => /^crashlab: burst \d+\/20 /.test(line))).toHaveLength(40);
    });

    test('dies while its memory is gone', async () => {
      await using lab = await labGuest(kernelName, suite);
      lab.module.exhaustAndDie({ irqs: 'off', lines: 10, death: 'panic' });
      const lines = linesIn(await lab.evidence(END));
      const [taken = '', first] = lines.filter((line) => /^crashlab: (?:exhausted|burst) /.test(line));
      expect(parseExhausted(taken).freePages).toBeLessThan(COUNTED_LATE);
      expect(first).toMatch(/burst 1\/10 /);
      expect(lines).toContain('Kernel panic - not syncing: crashlab: a panic, as asked');
    });

    test.each<[Death, RegExp]>([
      ['bug', /kernel BUG at .*crash\.c/],
      ['null', /BUG: kernel NULL pointer dereference, address: 0000000000000000/],
      ['page-fault', /BUG: unable to handle page fault for address: fffffffffffff000/],
      ['divide', /divide error: 0000 \[#1\]/],
      ['gpf', /general protection fault, .*non-canonical address/],
      ['stack-overflow', /stack guard page was hit|kernel stack overflow/],
      ['double-fault', /double fault: 0000 \[#1\]/],
      ['list-del', /list_del corruption/],
      ['panic', /Kernel panic - not syncing: crashlab: a panic, as asked/],
      ['recursive', /kernel BUG at [^]*NULL pointer dereference/],
    ])('%s names itself in the log', async (how, name) => {
      await using lab = await labGuest(kernelName, suite);
      lab.module.crash({ how });
      expect(linesIn(await lab.evidence(END)).join('\n')).toMatch(name);
    });

    test.each<[Context, string]>([
      ['task', 'task'],
      ['kthread', 'task'],
      ['workqueue', 'task'],
      ['softirq', 'softirq'],
      ['timer', 'softirq'],
      ['napi', 'softirq'],
      ['hardirq', 'hardirq'],
      ['hrtimer', 'hardirq'],
      ['nmi', 'nmi'],
    ])('a crash in context %s is a crash in a %s', async (context, told) => {
      await using lab = await labGuest(kernelName, suite);
      lab.module.crash({ how: 'null', context });
      const oops = readOops(linesIn(await lab.evidence(END)));
      expect({ kind: oops.kind, context: oops.context }).toEqual({ kind: 'null-dereference', context: told });
    });

    test.each<Context>(['irqsoff', 'rcu', 'nmi', 'hardirq', 'napi', 'workqueue'])(
      'a burst in context %s comes back',
      async (context) => {
        await using lab = await labGuest(kernelName, suite);
        await lab.module.burst({ count: 10, context });
        await lab.module.burst({ count: 5, context, level: 3 });
        const lines = linesIn(await lab.evidence());
        expect(lines.filter((line) => /^crashlab: burst \d+\/10 /.test(line))).toHaveLength(10);
        expect(lines.filter((line) => /^crashlab: burst \d+\/5 /.test(line))).toHaveLength(5);
      },
    );

    test('a warning is survived, and so is what makes no sense', async () => {
      await using lab = await labGuest(kernelName, suite);
      lab.module.crash({ how: 'warn', context: 'timer' });
      await expect(lab.module.burst({ count: 1.5 })).rejects.toMatchObject({
        code: 'LAB_MODULE_REFUSED',
        message: expect.stringContaining('count=1.5 is no number'),
      });
      const lines = linesIn(await lab.evidence());
      expect(lines).toContain('crashlab: a warning, as asked');
      // Its place is named as in our sources, not by where they were built.
      expect(lines.join('\n')).toMatch(/WARNING: (?:.* \/?)?crash\.c:\d+[^]*<IRQ>[^]*run_from_timer/);
    });

    test('oopses on two CPUs at once', async () => {
      await using lab = await labGuest(kernelName, suite, { vcpus: 2 });
      await lab.guest.agent.must('echo 0 > /proc/sys/kernel/panic_on_oops', lab.guest.signal);
      lab.module.crash({ how: 'null', cpus: 'all' });
      await lab.guest.agent.must('true', lab.guest.signal);
      const lines = linesIn(await lab.evidence());
      expect(lines.filter((line) => line.includes('NULL pointer dereference'))).toHaveLength(2);
    });

    test('holds the transmit queue’s lock on another CPU: what is to be sent waits', async () => {
      await using lab = await labGuest(kernelName, suite, { vcpus: 2 });
      const { agent, signal } = lab.guest;
      const ping = async () => {
        const uptime = await agent.must(
          'cat /proc/uptime; ping -c 1 10.0.2.2 >/dev/null && cat /proc/uptime',
          signal,
        );
        const [before = 0, after = 0] = uptime.split('\n').map(Number.parseFloat);
        return after - before;
      };
      expect(await ping()).toBeLessThan(1);
      await lab.module.hold({ lock: 'tx', cpu: 1, ms: 4000 });
      expect(await ping()).toBeGreaterThan(1.5);
    });

    test('holds the network configuration’s lock, asleep', async () => {
      await using lab = await labGuest(kernelName, suite);
      const { agent, signal } = lab.guest;
      await lab.module.hold({ lock: 'rtnl', ms: 3000 });
      const uptime = await agent.must('cat /proc/uptime; ip link set lo up; cat /proc/uptime', signal);
      const [before = 0, after = 0] = uptime.split('\n').map(Number.parseFloat);
      expect(after - before).toBeGreaterThan(1);
    });

    test('gives no mode to what is no team', async () => {
      await using lab = await labGuest(kernelName, suite);
      await expect(lab.module.team({ device: 'eth0', mode: 'roundrobin' })).rejects.toMatchObject({
        code: 'LAB_MODULE_REFUSED',
        message: expect.stringContaining('eth0 is no team that takes mode=roundrobin'),
      });
    });

    test('RCU finds the CPU that does not let go', async () => {
      await using lab = await labGuest(kernelName, suite, { vcpus: 2 });
      const seconds = '/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout';
      await lab.guest.agent.must(`echo 3 > ${seconds}`, lab.guest.signal);
      await lab.module.lockup({ kind: 'rcu', seconds: 8, cpu: 1 });
      const lines = linesIn(await lab.evidence(/detected (?:expedited )?stalls? on/));
      expect(readOops(lines).kind).toBe('rcu-stall');
    });

    test('an oops while the module is being loaded', async () => {
      await using lab = await labGuest(kernelName, suite, { crashInInit: true });
      const lines = linesIn(await lab.evidence(END));
      expect(lines).toContain('crashlab: crashing in init, as asked');
      expect(lines.join('\n')).toMatch(/RIP: .*\[crashlab\][^]*do_init_module/);
    });

    test('the kernel’s own detectors find what looks locked up', async () => {
      await using lab = await labGuest(kernelName, suite, { vcpus: 2 });
      const sysctl = (name: string, value: number) =>
        lab.guest.agent.run(`echo ${value} > /proc/sys/kernel/${name}`, lab.guest.signal);
      await sysctl('watchdog_thresh', 1);
      await sysctl('hung_task_timeout_secs', 1);
      await sysctl('hung_task_check_interval_secs', 1);
      // The one that looks for hung tasks may itself wait for the CPU that is locked up.
      await lab.module.lockup({ kind: 'hung-task', seconds: 60 });
      await lab.module.lockup({ kind: 'soft', seconds: 6, cpu: 1 });
      const lines = linesIn(
        await lab.evidence(/soft lockup[^]*blocked for more|blocked for more[^]*soft lockup/),
      );
      expect(lines.join('\n')).toMatch(/INFO: task crashlab:\d+ blocked for more than 1 seconds/);
    });
  });
}
