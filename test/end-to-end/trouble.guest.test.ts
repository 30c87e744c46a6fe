import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { CrashlabError } from '../../harness/host/error.ts';
import { isRunning } from '../../harness/host/store.ts';
import { takeEvidence } from '../../harness/lab/evidence.ts';
import { execute } from '../../harness/lab/execute.ts';
import { RecordEvent } from '../../harness/lab/record.ts';
import { scenario } from '../../harness/lab/scenario.ts';
import * as v from 'valibot';
import { CLI, crashlab, guestsOf, leftovers, runJson, temporaryFolder } from './crashlab.ts';
import { livingGuest } from './living-guest.ts';

const codeOf = (error: unknown) => (error instanceof CrashlabError ? error.code : error);

async function recordIn(out: string) {
  const text = await readFile(path.join(out, 'run.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => v.parse(RecordEvent, JSON.parse(line)));
}

/** Starts a long run and waits for its first finished run. */
async function longRun(list: readonly string[]) {
  const out = await temporaryFolder();
  const child = spawn(process.execPath, [CLI, 'run', 'sysrq-crash', '--panic', '0', '--out', out, ...list], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const first = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('complete, as expected')) resolve();
    });
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'close');
  await first;
  return { child, out, ended, said: () => said };
}

describe('Ctrl-C', () => {
  test(
    'ends cleanly: the record is closed, what is done is reported, nothing is left',
    { timeout: 120_000 },
    async () => {
      const { child, out, ended, said } = await longRun(['--repeat', '500']);
      const guests = await guestsOf(child.pid ?? 0);
      child.kill('SIGINT');
      expect(await ended).toEqual([130, null]);
      const events = await recordIn(out);
      const end = events.at(-1);
      expect(end).toMatchObject({ type: 'end', interrupted: true, exit: 130 });
      expect(
        events.filter(({ type }) => type === 'run').every((run) => run.type === 'run' && run.expected),
      ).toBe(true);
      expect(said()).toContain('the user stopped it');
      expect(await leftovers(child.pid ?? 0, guests)).toEqual([]);
    },
  );

  test('once more: what was stopped is gone on with', { timeout: 120_000 }, async () => {
    const { child, out, ended, said } = await longRun(['--repeat', '20', '--jobs', '1']);
    child.kill('SIGINT');
    await ended;
    expect(said()).toContain(`with --resume ${path.relative(process.cwd(), out)}`);
    const before = (await recordIn(out)).filter(({ type }) => type === 'run');
    expect(before.length).toBeGreaterThan(0);
    expect(before.length).toBeLessThan(20);
    const list = ['run', 'sysrq-crash', '--panic', '0', '--repeat', '20', '--jobs', '1'];
    const { stdout, code } = await crashlab([...list, '--resume', out]);
    expect(stdout).toContain(`${before.length} of 20 runs are done`);
    expect(stdout).toContain('20 runs: 20 complete');
    expect(code).toBe(0);
    const events = await recordIn(out);
    const runs = events.filter(({ type }) => type === 'run');
    expect(runs.slice(0, before.length)).toEqual(before);
    expect(new Set(runs.map((run) => run.type === 'run' && run.repetition)).size).toBe(20);
    expect(events.map(({ type }) => type).filter((type) => ['start', 'end'].includes(type))).toEqual([
      'start',
      'end',
    ]);
  });

  test('a second time ends at once, and still nothing is left', { timeout: 120_000 }, async () => {
    const { child, ended } = await longRun(['--repeat', '500']);
    // Between two runs there is none for a moment.
    let guests: number[] = [];
    while (guests.length === 0) guests = await guestsOf(child.pid ?? 0);
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(130);
    // Nobody was left to wait for the guests: the kernel kills them once their lab is gone.
    await expect.poll(() => leftovers(child.pid ?? 0, guests), { timeout: 10_000 }).toEqual([]);
  });
});

describe('QEMU killed in the middle', () => {
  test('is no verdict, says so, and leaves nothing behind', { timeout: 120_000 }, async () => {
    const { guest, kernel, cell } = await livingGuest();
    const killed = scenario({
      title: 'QEMU is killed',
      why: 'no verdict may come of it',
      needs: [],
      async run() {
        process.kill(guest.qemu.pid, 'SIGKILL');
      },
      expect: { kind: 'panic', ends: 'panic' },
    });
    const failure = await execute(killed, cell, { guest, kernel, timeoutMs: 60_000 }).catch(codeOf);
    expect(failure).toBe('QEMU_KILLED');
    await guest[Symbol.asyncDispose]();
    expect(await isRunning(guest.qemu.pid)).toBe(false);
  });
});

describe('QEMU killed under a run', () => {
  test('is exit 3, its record closed, its evidence there', { timeout: 120_000 }, async () => {
    const out = await temporaryFolder();
    const list = ['run', 'sysrq-crash', '--panic', '0', '--out', out];
    const child = spawn(process.execPath, [CLI, ...list], { stdio: 'ignore' });
    const ended = once(child, 'close');
    const begun = async () =>
      (await readFile(path.join(out, 'run.jsonl'), 'utf8').catch(() => '')).includes('"begin"');
    while (!(await begun()));
    // From here on its only children are guests.
    let guests: number[] = [];
    while (guests.length === 0) guests = await guestsOf(child.pid ?? 0);
    for (const pid of guests) process.kill(pid, 'SIGKILL');
    expect(await ended).toEqual([3, null]);
    const events = await recordIn(out);
    const run = events.find((event) => event.type === 'run');
    expect(run).toMatchObject({ outcome: 'infrastructure', reason: { blame: 'host', code: 'QEMU_KILLED' } });
    expect(events.at(-1)).toMatchObject({ type: 'end', exit: 3 });
    const command = path.join(out, run?.evidence ?? 'nowhere', 'qemu-command.txt');
    expect(await readFile(command, 'latin1')).toContain('qemu-system');
    expect(await leftovers(child.pid ?? 0, guests)).toEqual([]);
  });
});

describe('a guest that lies', () => {
  test.each([
    ['points its ring buffer into nowhere', 0x7fff_ffff_ffff_f000n],
    ['says its ring buffer is somewhere else', 0xffff_ffff_8100_0000n],
  ])('and %s gets no verdict', { timeout: 120_000 }, async (_, pointer) => {
    const { guest, kernel } = await livingGuest();
    await using _guest = guest;
    const info = await kernel.vmcoreInfo(guest.memory);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, pointer, true);
    await guest.qemu.gdb.halt();
    await guest.qemu.gdb.writeMemory(info.symbols.get('prb') ?? 0n, bytes);
    expect(await takeEvidence(guest, kernel).catch(codeOf)).toBe('RING_UNREADABLE');
  });
});

describe('a trigger that does nothing', () => {
  test('is no verdict', { timeout: 120_000 }, async () => {
    const { guest, kernel, cell } = await livingGuest();
    await using _guest = guest;
    const nothing = scenario({
      title: 'nothing happens',
      why: 'a scenario proves its own trigger',
      needs: [],
      run: async () => undefined,
      expect: { kind: 'panic', ends: 'panic' },
    });
    const failure = await execute(nothing, cell, { guest, kernel, timeoutMs: 90_000 }).catch(codeOf);
    expect(failure).toBe('TRIGGER_MISSED');
  });
});

describe('a netconsole that is silent before the crash', () => {
  test('is no verdict, and says where to look', { timeout: 120_000 }, async () => {
    const { guest, kernel, cell } = await livingGuest();
    await using _guest = guest;
    const unplugged = scenario({
      title: 'its network is down',
      why: 'what never worked proves nothing of a crash',
      needs: [],
      prepare: async ({ guest: hand }) => void (await hand.run('ip link set eth0 down')),
      run: async ({ guest: hand }) => hand.kill('echo c > /proc/sysrq-trigger'),
      expect: { kind: 'panic', ends: 'panic' },
    });
    await expect(execute(unplugged, cell, { guest, kernel, timeoutMs: 90_000 })).rejects.toMatchObject({
      blame: 'guest',
      code: 'NETCONSOLE_SILENT',
      advice: expect.stringMatching(/serial\.log.*--fresh/) as string,
    });
  });
});

describe('a guest that never comes up', () => {
  test('is told with its last console lines, and ends with exit 4', { timeout: 120_000 }, async () => {
    const { runs, exit } = await runJson([
      'sysrq-crash',
      '--panic',
      '0',
      '--append',
      'crashlab.agent=ttyS0',
      '--boot-timeout',
      '15',
    ]);
    const [run] = runs;
    expect(exit).toBe(4);
    expect(run?.outcome).toBe('infrastructure');
    if (run?.outcome !== 'infrastructure') return;
    expect(run.reason.code).toBe('GUEST_NOT_UP');
    expect(run.reason.message).toContain('Its last console lines:');
    expect(run.reason.message).toMatch(/\[ +\d+\.\d{6}\] /);
  });

  test('because it dies while booting is told at once', { timeout: 120_000 }, async () => {
    const { runs, exit, out } = await runJson([
      'sysrq-crash',
      '--panic',
      '0',
      '--append',
      'rdinit=/bin/false',
      '--boot-timeout',
      '100',
      '--repeat',
      '2',
    ]);
    const [run] = runs;
    expect(exit).toBe(4);
    // Both waited for one template: each has the evidence of it.
    for (const { evidence = 'nowhere' } of runs) {
      const read = (name: string) => readFile(path.join(out, evidence, name), 'latin1');
      expect(await read('serial.log')).toContain('Kernel panic - not syncing');
      expect(await read('qemu-command.txt')).toContain('rdinit=/bin/false');
    }
    if (run?.outcome !== 'infrastructure') throw new Error('a verdict without a guest');
    expect(run.reason.code).toBe('GUEST_DIED');
    expect(run.reason.message).toContain('Kernel panic - not syncing');
    expect(run.seconds).toBeLessThan(90);
  });
});

describe('a mistyped', () => {
  test.each([
    ['scenario', ['run', 'sysrq-crahs'], 'Did you mean sysrq-crash?'],
    ['option', ['run', '--panik', '0'], '--panic'],
    ['command', ['rnu'], 'run'],
    ['kernel', ['run', '--kernel', 'debain:6.1'], 'Did you mean debian:6.1?'],
    ['number', ['run', '--repeat', 'many'], 'whole number'],
    ['timeout', ['run', '--timeout', '2147484'], 'whole number from 1 to 2147483.'],
    ['boot timeout', ['run', '--boot-timeout', '9999999'], 'whole number from 1 to 2147483.'],
    ['repetition', ['run', '--repeat', '100001'], 'whole number from 1 to 100000.'],
    ['format', ['run', '--format', 'fancy'], 'extended'],
  ])('%s ends with exit 2 and a hint, never with a stack trace', async (_, list, hint) => {
    const { code, stderr, stdout } = await crashlab(list);
    expect(code).toBe(2);
    expect(stderr).toContain(hint);
    expect(stderr + stdout).not.toMatch(/\n\s+at /);
  });
});

describe('--dry-run', () => {
  test('prints the exact command with reasons and runs nothing', { timeout: 60_000 }, async () => {
    const out = await temporaryFolder();
    const { stdout, code } = await crashlab(['run', 'sysrq-crash', '--panic', '0', '--dry-run'], {
      cwd: out,
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^qemu-system-x86_64 \\\n {2}-nodefaults/);
    expect(stdout).toContain('-netdev stream,id=wire,addr.type=fd,addr.str=3');
    expect(stdout).toContain('# -netdev');
  });

  test('says of what a cell lacks that it would be skipped', { timeout: 60_000 }, async () => {
    const cells = ['--panic', '0', '--nic', 'virtio-net', '--nic', 'e1000'];
    const { stdout, code } = await crashlab(['run', 'sysrq-crash', ...cells, '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# sysrq-crash@\S+,e1000,\S+ would be skipped: Kernel \S+ has no e1000/m);
    expect(stdout).toContain('-netdev stream');
  });
});
