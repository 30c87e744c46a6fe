import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { describeEnding } from '../../harness/machine/qemu.ts';
import type { QmpEvent } from '../../harness/machine/qmp.ts';
import { processState, startBare, startInScratch } from './bare.ts';

test('commands are answered, whatever their number and order', async () => {
  await using qemu = await startBare();
  const commands = Array.from({ length: 500 }, (_, at) => (at % 2 === 0 ? 'query-status' : 'query-name'));
  const answers = await Promise.all(commands.map((command) => qemu.qmp.execute(command)));
  const paused = { status: 'prelaunch', running: false };
  expect(answers).toMatchObject(commands.map((command) => (command === 'query-status' ? paused : {})));
  expect(answers.filter((answer) => Object.keys(answer as object).length === 0)).toHaveLength(250);
});

test('the longest answer QEMU has fits', async () => {
  await using qemu = await startBare();
  expect(await qemu.qmp.execute('query-qmp-schema')).toHaveProperty('length');
});

test('a refusal carries QEMU’s own words, and the next command works', async () => {
  await using qemu = await startBare();
  await expect(qemu.qmp.execute('no-such-command')).rejects.toMatchObject({
    code: 'QMP_REFUSED',
    message: expect.stringContaining('no-such-command has not been found') as string,
  });
  await expect(qemu.qmp.execute('pmemsave', { val: 'x' })).rejects.toMatchObject({ code: 'QMP_REFUSED' });
  await expect(qemu.qmp.execute('query-status')).resolves.toMatchObject({ running: false });
});

test('events are told before the command that caused them is answered', async () => {
  await using qemu = await startBare();
  const events: QmpEvent[] = [];
  qemu.qmp.onEvent((event) => events.push(event));
  await qemu.qmp.execute('cont');
  await qemu.qmp.execute('stop');
  expect(events.map(({ name }) => name)).toEqual(['RESUME', 'STOP']);
});

test('a killed QEMU is everybody’s answer', async () => {
  await using qemu = await startBare();
  await qemu.gdb.halt();
  process.kill(qemu.pid, 'SIGSTOP');
  const waiting = [
    ...Array.from({ length: 20 }, () => qemu.qmp.execute('query-status')),
    qemu.gdb.readMemory(0n, 16),
    qemu.gdb.readRegister(16, 1),
  ];
  process.kill(qemu.pid, 'SIGKILL');
  for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'QEMU_KILLED' });
  await expect(qemu.qmp.execute('query-status')).rejects.toMatchObject({ code: 'QEMU_KILLED' });
  await expect(qemu.gdb.halt()).rejects.toMatchObject({ code: 'QEMU_KILLED' });
  expect(await qemu.ended).toMatchObject({ signal: 'SIGKILL' });
});

test('a guest that runs when QEMU is killed leaves nobody waiting for its stop', async () => {
  await using qemu = await startBare();
  await qemu.gdb.halt();
  const stop = qemu.gdb.runUntilStop(new AbortController().signal);
  await qemu.qmp.execute('query-status');
  process.kill(qemu.pid, 'SIGKILL');
  await expect(stop).rejects.toMatchObject({ code: 'QEMU_KILLED' });
});

test('a QEMU that refuses its command line ends with its own words', async () => {
  await using qemu = await startInScratch(() => ['qemu-system-x86_64', '-machine', 'no-such-board']);
  const error = describeEnding(await qemu.ended);
  expect(error).toMatchObject({ code: 'QEMU_FAILED', blame: 'host' });
  expect(error.message).toContain('unsupported machine type');
  await expect(qemu.qmp.execute('stop')).rejects.toMatchObject({ code: 'QEMU_FAILED' });
});

test('an emulator that is not there is missing', async () => {
  await using qemu = await startInScratch(() => ['qemu-system-nowhere']);
  expect(describeEnding(await qemu.ended)).toMatchObject({ code: 'QEMU_MISSING' });
});

test('disposing ends QEMU, even one that was stopped or whose channels nobody read', async () => {
  const before = await descriptors();
  for (const stopped of [false, true]) {
    const qemu = await startBare();
    await qemu.qmp.execute('cont');
    if (stopped) process.kill(qemu.pid, 'SIGSTOP');
    await qemu[Symbol.asyncDispose]();
    expect(await processState(qemu.pid)).toBeNull();
    await qemu[Symbol.asyncDispose]();
  }
  expect(await descriptors()).toBe(before);
});

const descriptors = async () => (await readdir('/proc/self/fd')).length;
