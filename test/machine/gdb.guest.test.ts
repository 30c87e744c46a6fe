import { expect, test } from 'vitest';
import type { Qemu } from '../../harness/machine/qemu.ts';
import { startBare } from './bare.ts';

/** The reset vector in ROM, a far jump; and where it goes. */
const RESET = 0xffff_fff0n;
const ENTRY = 0xf_e05bn;
const RAM = 0x8000n;
/** Numbers of registers in QEMU's x86-64 stub. */
const RDI = 5;
const RIP = 16;
const never = new AbortController().signal;

async function status(qemu: Qemu): Promise<unknown> {
  const answer = await qemu.qmp.execute('query-status');
  return answer instanceof Object && 'running' in answer ? answer.running : answer;
}

test('connecting does not stop a guest, halt does, detach lets it go', async () => {
  await using qemu = await startBare();
  await qemu.qmp.execute('cont');
  expect(await status(qemu)).toBe(true);
  await qemu.gdb.halt();
  expect(await status(qemu)).toBe(false);
  await qemu.gdb.detach();
  expect(await status(qemu)).toBe(true);
});

test('it can be halted again, after a detach too', async () => {
  await using qemu = await startBare();
  for (let round = 0; round < 5; round++) {
    await qemu.gdb.halt();
    await qemu.gdb.halt();
    expect(await status(qemu)).toBe(false);
    expect(await qemu.gdb.readMemory(RESET, 1)).toEqual(Uint8Array.of(0xea));
    await qemu.gdb.detach();
    expect(await status(qemu)).toBe(true);
  }
});

test('a breakpoint stops the guest where it is, once', async () => {
  await using qemu = await startBare();
  const { gdb } = qemu;
  await gdb.halt();
  await gdb.setBreakpoint(ENTRY);
  expect(await gdb.runUntilStop(never)).toEqual({ vcpu: 1, trapped: true });
  expect(await gdb.readRegister(RIP, 1)).toBe(ENTRY & 0xffffn);
  await gdb.clearBreakpoint(ENTRY);
  expect(await gdb.runUntilStop(AbortSignal.timeout(100))).toBeNull();
});

test('memory is written and read back, across the stub’s own limit', async () => {
  await using qemu = await startBare();
  const { gdb } = qemu;
  await gdb.halt();
  const bytes = Uint8Array.from({ length: 5000 }, (_, at) => (at * 7) & 0xff);
  await gdb.writeMemory(RAM, bytes);
  expect(await gdb.readMemory(RAM, bytes.length)).toEqual(bytes);
  expect(await gdb.readMemory(RAM + 1000n, 100)).toEqual(bytes.slice(1000, 1100));
  expect(await gdb.readMemory(RAM, 0)).toHaveLength(0);
});

test.each([1, 2])('registers are written and read back, each of %i vCPUs having its own', async (vcpus) => {
  await using qemu = await startBare(vcpus);
  const { gdb } = qemu;
  await gdb.halt();
  const ids = await gdb.vcpus();
  expect(ids).toEqual(Array.from({ length: vcpus }, (_, at) => at + 1));
  const untouched = await Promise.all(ids.map((id) => gdb.readRegister(RDI, id)));
  await Promise.all(ids.map((id) => gdb.writeRegisters(id, [[RIP, 0x1234n + BigInt(id)]])));
  for (const [at, id] of ids.entries()) {
    expect(await gdb.readRegister(RIP, id)).toBe(0x1234n + BigInt(id));
    expect(await gdb.readRegister(RDI, id)).toBe(untouched[at]);
  }
});

test('a step is one instruction of one vCPU, at a breakpoint too', async () => {
  await using qemu = await startBare(2);
  const { gdb } = qemu;
  await gdb.halt();
  const first = await gdb.readRegister(RIP, 1);
  const second = await gdb.readRegister(RIP, 2);
  await gdb.setBreakpoint(RESET);
  expect(first).toBe(RESET & 0xffffn);
  expect(await gdb.step(1, never)).toEqual({ vcpu: 1, trapped: true });
  expect(await gdb.readRegister(RIP, 1)).toBe(ENTRY & 0xffffn);
  expect(await gdb.readRegister(RIP, 2)).toBe(second);
  expect(await status(qemu)).toBe(false);
});

test('what the stub refuses is refused, and the next command has its own answer', async () => {
  await using qemu = await startBare();
  const { gdb } = qemu;
  await gdb.halt();
  await expect(gdb.readRegister(RIP, 9)).rejects.toMatchObject({ code: 'GDB_REFUSED', blame: 'lab' });
  expect(await gdb.readMemory(RESET, 1)).toEqual(Uint8Array.of(0xea));
});

test('a stop that never comes is given up by signal, and the guest can be halted after it', async () => {
  await using qemu = await startBare();
  const { gdb } = qemu;
  await gdb.halt();
  await gdb.setBreakpoint(0x7777n);
  for (let round = 0; round < 3; round++) {
    expect(await gdb.runUntilStop(AbortSignal.timeout(20))).toBeNull();
    expect(await status(qemu)).toBe(true);
    await expect(gdb.readMemory(RESET, 1)).rejects.toMatchObject({ code: 'GDB_WRONG_TIME' });
    await gdb.halt();
    expect(await gdb.readMemory(RESET, 1)).toEqual(Uint8Array.of(0xea));
  }
});

test('a breakpoint hit after everybody gave up is not taken for another command’s answer', async () => {
  await using qemu = await startBare();
  const { gdb } = qemu;
  await gdb.halt();
  await gdb.setBreakpoint(ENTRY);
  const controller = new AbortController();
  const stop = gdb.runUntilStop(controller.signal);
  controller.abort();
  expect(await stop).toBeNull();
  await standing(qemu);
  await gdb.halt();
  expect(await gdb.readMemory(RESET, 1)).toEqual(Uint8Array.of(0xea));
  expect(await gdb.readRegister(RIP, 1)).toBe(ENTRY & 0xffffn);
});

test('stops ordered through QMP are nobody’s answer either', async () => {
  await using qemu = await startBare();
  const { gdb, qmp } = qemu;
  await gdb.halt();
  expect(await gdb.runUntilStop(AbortSignal.timeout(1))).toBeNull();
  for (let round = 0; round < 20; round++) {
    await qmp.execute('stop');
    await qmp.execute('cont');
  }
  await gdb.halt();
  expect(await status(qemu)).toBe(false);
  expect(await gdb.readMemory(RESET, 1)).toEqual(Uint8Array.of(0xea));
  await gdb.setBreakpoint(0x7777n);
  expect(await gdb.runUntilStop(AbortSignal.timeout(50))).toBeNull();
  expect(await status(qemu)).toBe(true);
});

test('a guest that QMP stopped before is halted all the same', async () => {
  await using qemu = await startBare();
  await qemu.qmp.execute('cont');
  await qemu.qmp.execute('stop');
  await qemu.gdb.halt();
  expect(await qemu.gdb.readMemory(RESET, 1)).toEqual(Uint8Array.of(0xea));
});

test('halting races with a breakpoint and loses nothing', async () => {
  await using qemu = await startBare();
  const { gdb, qmp } = qemu;
  for (let round = 0; round < 30; round++) {
    await gdb.halt();
    await gdb.setBreakpoint(ENTRY);
    await qmp.execute('system_reset');
    const controller = new AbortController();
    const stop = gdb.runUntilStop(controller.signal);
    if (round % 3 > 0) await qmp.execute('query-status');
    if (round % 3 > 1) await qmp.execute('query-status');
    controller.abort();
    await stop;
    await gdb.halt();
    expect(await gdb.readMemory(RESET, 1)).toEqual(Uint8Array.of(0xea));
    expect(await gdb.vcpus()).toEqual([1]);
    await gdb.clearBreakpoint(ENTRY);
  }
});

/** Waits for the guest to stop by itself. */
async function standing(qemu: Qemu): Promise<void> {
  while ((await status(qemu)) !== false);
}
