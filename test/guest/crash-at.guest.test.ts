import { expect, test } from 'vitest';
import { crashAt } from '../../harness/guest/crash-at.ts';
import { cloneTemplate } from '../../harness/guest/template.ts';
import { forEver } from './for-ever.ts';
import { stockTemplate } from './stock.ts';

const PROVOKE = 'cat /proc/uptime';
const CALLED = ['uptime_proc_show'];

test('the kernel dies where it is told to, once somebody comes by', async () => {
  const template = await stockTemplate();
  await using guest = await cloneTemplate(template, { signal: forEver });
  await guest.agent.must('echo 1 > /proc/sys/kernel/panic_on_oops', guest.signal);
  await crashAt(guest, template.kernel, CALLED, {
    waitMs: 30_000,
    meanwhile: () => void guest.agent.send(PROVOKE),
  });
  while (!guest.serial.text().includes('---[ end Kernel panic')) {
    expect(await guest.activity.next(10_000, guest.signal)).toBe(true);
  }
  expect(guest.serial.text()).toMatch(/invalid opcode[^]*RIP: 0010:uptime_proc_show\+0x0/);
});

test('a function nobody calls is no crash, and the guest lives', async () => {
  const template = await stockTemplate();
  await using guest = await cloneTemplate(template, { signal: forEver });
  await expect(crashAt(guest, template.kernel, CALLED, { waitMs: 200 })).rejects.toMatchObject({
    code: 'TRIGGER_MISSED',
    blame: 'guest',
  });
  expect(await guest.agent.must('echo alive', guest.signal)).toBe('alive\n');
});

test.each([1, 2])('registers of each of %i vCPUs go round while the kernel runs', async (vcpus) => {
  const template = await stockTemplate({ vcpus });
  await using guest = await cloneTemplate(template, { signal: forEver });
  const { gdb } = guest.qemu;
  for (let round = 0; round < 5; round++) {
    await gdb.halt();
    const ids = await gdb.vcpus();
    expect(ids).toHaveLength(vcpus);
    for (const id of ids) {
      const values: [number, bigint][] = [];
      // The sixteen general ones, the program counter and the flags.
      for (let number = 0; number < 18; number++) values.push([number, await gdb.readRegister(number, id)]);
      await gdb.writeRegisters(id, values);
      for (const [number, value] of values) expect(await gdb.readRegister(number, id)).toBe(value);
    }
    await gdb.detach();
    expect(await guest.agent.must('echo alive', guest.signal)).toBe('alive\n');
  }
});

test('a breakpoint is met by whichever vCPU comes by', async () => {
  const template = await stockTemplate({ vcpus: 2 });
  await using guest = await cloneTemplate(template, { signal: forEver });
  const { gdb } = guest.qemu;
  const address = await template.kernel.resolve(guest.memory, CALLED);
  for (const vcpu of [1, 2]) {
    await gdb.halt();
    await gdb.setBreakpoint(address);
    guest.agent.send(`taskset ${vcpu} ${PROVOKE} > /dev/null`);
    expect(await gdb.runUntilStop(guest.signal)).toEqual({ vcpu, trapped: true });
    expect(await gdb.readRegister(16, vcpu)).toBe(address);
    await gdb.clearBreakpoint(address);
    await gdb.detach();
    await guest.agent.must('true', guest.signal);
  }
});
