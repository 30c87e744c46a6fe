import { describe, expect, test } from 'vitest';
import {
  ARM64_ILLEGAL_INSTRUCTION,
  ARM64_REGISTER_BYTES,
  Arm64Registers,
} from '../../harness/machine/arm64.ts';
import { readOops } from '../../harness/oops/read.ts';
import { stripPrefix } from '../../harness/oops/prefix.ts';
import { runJson } from './crashlab.ts';
import { livingGuest } from './living-guest.ts';

const ARM64 = { kernel: 'debian:6.12', suite: 'trixie', arch: 'arm64' };
const LIST = ['--kernel', ARM64.kernel, '--suite', ARM64.suite, '--arch', ARM64.arch];

describe('on arm64', () => {
  test.each([
    ['cloned', []],
    ['booted for it', ['--fresh']],
  ])('the panic of a guest that was %s is proved complete', { timeout: 240_000 }, async (_, list) => {
    const { runs, exit } = await runJson(['sysrq-crash', 'init-exits', ...LIST, ...list]);
    for (const run of runs) {
      expect(run).toMatchObject({
        outcome: 'verdict',
        differences: [],
        cell: { arch: 'arm64', kernel: expect.stringMatching(/^6\.12\..*-cloud-arm64$/) },
        wire: { status: 'complete' },
        serial: { status: 'complete' },
        oops: { kind: 'panic', context: 'task', terminated: true },
      });
    }
    expect(runs).toHaveLength(4);
    expect(exit).toBe(0);
  });

  test.each([
    ['hrtimer_interrupt', 'hardirq'],
    ['run_timer_softirq', 'softirq'],
  ])('an undefined instruction at %s kills in %s', { timeout: 240_000 }, async (symbol, context) => {
    const { guest, kernel } = await livingGuest(ARM64);
    await using _ = guest;
    const { gdb } = guest.qemu;
    await guest.agent.must('echo 1 > /proc/sys/kernel/panic_on_oops', guest.signal);
    const address = await kernel.resolve(guest.memory, [symbol]);
    const panic = await kernel.resolve(guest.memory, ['panic']);
    await gdb.halt();
    await gdb.setBreakpoint(address);
    expect(await gdb.runUntilStop(guest.signal)).toBe(1);
    const { bytes } = await gdb.readRegisters();
    expect(bytes).toHaveLength(ARM64_REGISTER_BYTES);
    expect(new Arm64Registers(bytes).pc).toBe(address);
    await gdb.clearBreakpoint(address);
    const original = await gdb.readMemory(address, ARM64_ILLEGAL_INSTRUCTION.length);
    await gdb.writeMemory(address, ARM64_ILLEGAL_INSTRUCTION);
    await gdb.setBreakpoint(panic);
    await gdb.runUntilStop(guest.signal);
    await gdb.clearBreakpoint(panic);
    await gdb.writeMemory(address, original);
    await gdb.detach();
    while (!guest.serial.text().includes('---[ end Kernel panic')) {
      expect(await guest.activity.next(20_000, guest.signal)).toBe(true);
    }
    const lines = guest.serial.text().split(/\r?\n/).map(stripPrefix);
    expect(lines.find((line) => line.startsWith('pc : '))).toContain(`pc : ${symbol}+0x0/`);
    expect(readOops(lines, { panicTimeout: 0 })).toMatchObject({
      kind: 'invalid-opcode',
      context,
      terminated: true,
    });
  });
});
