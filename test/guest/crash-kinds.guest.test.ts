import { describe, expect, test } from 'vitest';
import { crashAt } from '../../harness/guest/crash-at.ts';
import type { Guest } from '../../harness/guest/guest.ts';
import { cloneTemplate } from '../../harness/guest/template.ts';
import { forEver } from './for-ever.ts';
import { stockTemplate } from './stock.ts';

const CALLED = ['uptime_proc_show'];
const CALL = 'cat /proc/uptime';
/** Numbers of registers in QEMU's x86-64 stub. */
const RIP = 16;
const EFLAGS = 17;
const INTERRUPTS_ON = 0x200n;

async function clone(vcpus = 1) {
  const template = await stockTemplate({ vcpus });
  const guest = await cloneTemplate(template, { signal: forEver });
  return { guest, kernel: template.kernel, [Symbol.asyncDispose]: () => guest[Symbol.asyncDispose]() };
}

async function said(guest: Guest, words: string): Promise<string> {
  while (!guest.serial.text().includes(words)) {
    expect(await guest.activity.next(10_000, guest.signal), `waiting for ${words}`).toBe(true);
  }
  return guest.serial.text();
}

const callOnce = (guest: Guest) => ({ waitMs: 30_000, meanwhile: () => void guest.agent.send(CALL) });

describe('a kernel that survives its oops', () => {
  test('has its function back and lives on', async () => {
    await using made = await clone();
    const { guest, kernel } = made;
    const address = await kernel.resolve(guest.memory, CALLED);
    expect(await crashAt(guest, kernel, CALLED, callOnce(guest))).toEqual({ vcpu: 0, hits: 1, address });
    expect(guest.serial.text()).toMatch(/invalid opcode[^]*RIP: 0010:uptime_proc_show\+0x0/);
    expect(await guest.agent.must(CALL, guest.signal)).toMatch(/^\d+\.\d+ /);
    expect(guest.serial.text().match(/invalid opcode/g)).toHaveLength(1);
  });

  test('can be crashed again', async () => {
    await using made = await clone();
    const { guest, kernel } = made;
    for (let round = 1; round <= 3; round++) {
      await crashAt(guest, kernel, CALLED, callOnce(guest));
      expect(guest.serial.text().match(/invalid opcode/g)).toHaveLength(round);
    }
    expect(await guest.agent.must('echo alive', guest.signal)).toBe('alive\n');
  });
});

describe('how a kernel dies', () => {
  test('by a call to address 0, the function being its caller', async () => {
    await using made = await clone();
    const { guest, kernel } = made;
    await crashAt(guest, kernel, CALLED, { how: 'null-jump', ...callOnce(guest) });
    const text = await said(guest, '---[ end trace');
    expect(text).toMatch(/NULL pointer dereference, address: 0000000000000000/);
    expect(text).toMatch(/RIP: 0010:0x0/);
    expect(text).toMatch(/<TASK>\s+(?:\[[^\]]*\]\s+\S*\s*)*.*\n?[^]* uptime_proc_show\+0x1\//);
    expect(text).not.toMatch(/\? uptime_proc_show/);
    expect(await guest.agent.must(CALL, guest.signal)).toMatch(/^\d/);
  });

  test('by panic(), the function being its caller', async () => {
    await using made = await clone();
    const { guest, kernel } = made;
    await crashAt(guest, kernel, CALLED, { how: 'panic', ...callOnce(guest) });
    const text = await said(guest, '---[ end Kernel panic');
    expect(text).toContain('Kernel panic - not syncing: crashlab: panic at uptime_proc_show\r\n');
    expect(text).toMatch(/ panic\+0x[^]* uptime_proc_show\+0x1\/[^]* seq_read/);
    expect(text).not.toMatch(/\? uptime_proc_show/);
  });

  test('by spinning with interrupts on: the keyboard’s are still served', async () => {
    await using made = await clone();
    const { guest, kernel } = made;
    await guest.agent.must('echo 1 > /proc/sys/kernel/sysrq', guest.signal);
    const { address } = await crashAt(guest, kernel, CALLED, { how: 'spin', ...callOnce(guest) });
    await pressSysrq(guest);
    await said(guest, 'Loglevel set to 9');
    expect(await spinning(guest, 1, address)).toEqual({ within: true, moves: false, interrupts: true });
  });

  test('by spinning with interrupts off: nothing comes any more', async () => {
    await using made = await clone();
    const { guest, kernel } = made;
    await guest.agent.must('echo 1 > /proc/sys/kernel/sysrq', guest.signal);
    const { address } = await crashAt(guest, kernel, CALLED, { how: 'hang', ...callOnce(guest) });
    await pressSysrq(guest);
    expect(await spinning(guest, 1, address)).toEqual({ within: true, moves: false, interrupts: false });
    while (await guest.activity.next(500));
    expect(guest.serial.text()).not.toContain('Loglevel set to 9');
  });
});

describe('of two vCPUs', () => {
  test('the third call on the second one crashes, whoever else comes by', async () => {
    await using made = await clone(2);
    const { guest, kernel } = made;
    const loop = (mask: number) => `(while :; do taskset ${mask} ${CALL} > /dev/null; done) &`;
    const proof = await crashAt(guest, kernel, CALLED, {
      waitMs: 60_000,
      after: 3,
      cpu: 1,
      meanwhile: () => void guest.agent.send(`${loop(1)} ${loop(2)}`),
    });
    expect(proof).toMatchObject({ vcpu: 1, hits: 3 });
    const text = await said(guest, '---[ end trace');
    expect(text).toMatch(/invalid opcode[^]*CPU: 1 [^]*RIP: 0010:uptime_proc_show\+0x0/);
    // The shell has a word on the one that died.
    expect(await guest.agent.must(`taskset 2 ${CALL}`, guest.signal)).toMatch(/^\d+\.\d+ /m);
    expect(guest.serial.text().match(/invalid opcode/g)).toHaveLength(1);
  });

  // Not the agent: its port's interrupts may be the hung vCPU's.
  test('one hangs and the other goes on, through the same function too', async () => {
    await using made = await clone(2);
    const { guest, kernel } = made;
    const loop = 'while read up rest < /proc/uptime; do echo "<6>still $up" > /dev/kmsg; sleep 0.1; done';
    const proof = await crashAt(guest, kernel, CALLED, {
      how: 'hang',
      waitMs: 30_000,
      cpu: 1,
      meanwhile: () => void guest.agent.send(`taskset 1 sh -c '${loop}' & taskset 2 ${CALL} &`),
    });
    expect(proof.vcpu).toBe(1);
    const { length } = guest.serial;
    while ((guest.serial.text(length).match(/still \d/g) ?? []).length < 5) {
      expect(await guest.activity.next(10_000, guest.signal)).toBe(true);
    }
    expect(await spinning(guest, 2, proof.address)).toEqual({
      within: true,
      moves: false,
      interrupts: false,
    });
  });

  test('a third does not exist', async () => {
    await using made = await clone(2);
    const { guest, kernel } = made;
    await expect(crashAt(guest, kernel, CALLED, { waitMs: 1000, cpu: 2 })).rejects.toMatchObject({
      code: 'NO_SUCH_CPU',
    });
  });
});

async function pressSysrq(guest: Guest): Promise<void> {
  const keys = ['alt', 'sysrq', '9'].map((data) => ({ type: 'qcode', data }));
  await guest.qemu.qmp.execute('send-key', { keys });
}

/**
 * Whether the vCPU is in the function, between interrupts at least, whether it moves there, and whether its
 * interrupts are on.
 */
async function spinning(guest: Guest, vcpu: number, address: bigint) {
  const within: { rip: bigint; flags: bigint }[] = [];
  for (let look = 0; look < 1000 && within.length < 5; look++) {
    const seen = await guest.breakpoints.halted(async ({ gdb }) => ({
      rip: await gdb.readRegister(RIP, vcpu),
      flags: await gdb.readRegister(EFLAGS, vcpu),
    }));
    if (seen.rip >= address && seen.rip < address + 0x1000n) within.push(seen);
    // One that is stopped all the time gets nowhere.
    await guest.activity.next(1);
  }
  return {
    within: within.length === 5,
    moves: new Set(within.map(({ rip }) => rip)).size > 1,
    interrupts: within.some(({ flags }) => (flags & INTERRUPTS_ON) !== 0n),
  };
}
