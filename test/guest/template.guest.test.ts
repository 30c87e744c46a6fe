import { createHash } from 'node:crypto';
import {
  copyFile,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Guest } from '../../harness/guest/guest.ts';
import { cloneTemplate, obtainTemplate, type Template } from '../../harness/guest/template.ts';
import { saveState } from '../../harness/guest/state.ts';
import { sha256 } from '../../harness/host/store.ts';
import { processState } from '../machine/bare.ts';
import { forEver } from './for-ever.ts';
import { BOOT_MS, processesNaming, renamedTemplate, stockSpecification, stockTemplate } from './stock.ts';

let template: Template;
let place: string;
beforeAll(async () => {
  place = await mkdtemp(path.join(tmpdir(), 'crashlab-test-'));
  template = await renamedTemplate(await stockTemplate(), place);
});
afterAll(() => rm(place, { recursive: true }));

const clone = () => cloneTemplate(template, { signal: forEver });

describe('clones', () => {
  test('are independent of each other, two at once', async () => {
    await using one = await clone();
    await using other = await clone();
    await Promise.all([
      one.agent.must('echo one > /tmp/name', one.signal),
      other.agent.must('echo other > /tmp/name', other.signal),
    ]);
    expect(await one.agent.must('cat /tmp/name', one.signal)).toBe('one\n');
    expect(await other.agent.must('cat /tmp/name', other.signal)).toBe('other\n');
    await using third = await clone();
    expect(await third.agent.run('cat /tmp/name', third.signal)).toMatchObject({ status: 1 });
  });

  test('leave their template as it was', async () => {
    const before = await fingerprint(template.folder);
    await using guest = await clone();
    await guest.agent.must('dd if=/dev/urandom of=/tmp/noise bs=1M count=32 2>/dev/null', guest.signal);
    await guest[Symbol.asyncDispose]();
    expect(await fingerprint(template.folder)).toBe(before);
  });

  test('have a working netconsole, and say nothing else on the wire', async () => {
    await using guest = await clone();
    // Routers are asked for every four seconds, multicast groups reported within one.
    await guest.agent.must('sleep 5', guest.signal);
    await guest.agent.must('echo "<6>a word" > /dev/kmsg', guest.signal);
    await guest.agent.must('true', guest.signal);
    const frames = guest.segment.frames.map(({ bytes }) => Buffer.from(bytes).toString('latin1'));
    expect(frames).toEqual([expect.stringContaining('a word')]);
  });

  test('leave nothing behind: no process, no file, no descriptor', async () => {
    await (await clone())[Symbol.asyncDispose]();
    const before = await descriptors();
    for (let round = 0; round < 20; round++) {
      const guest = await clone();
      const { pid } = guest.qemu;
      expect(await processState(pid)).not.toBeNull();
      // Some die in the middle of their work.
      if (round % 2 === 0) await guest.agent.must('true', guest.signal);
      await guest[Symbol.asyncDispose]();
      expect(await processState(pid)).toBeNull();
    }
    expect(await processesNaming(template.folder)).toEqual([]);
    expect(await scratch()).toEqual([]);
    expect(await descriptors()).toBe(before);
  });

  test('end when the caller’s signal aborts, while they are restored too', async () => {
    const controller = new AbortController();
    const making = cloneTemplate(template, { signal: controller.signal });
    const reason = new Error('Ctrl-C');
    controller.abort(reason);
    await expect(making).rejects.toBe(reason);
    expect(await processesNaming(template.folder)).toEqual([]);
  });
});

test('a QEMU that hangs instead of being restored ends with the caller’s signal', async () => {
  const { architecture } = template.specification;
  const emulator = path.join(place, 'hanging');
  const script = `#!/bin/sh\nkill -STOP $$\nexec ${architecture.emulator} "$@"\n`;
  await writeFile(emulator, script, { mode: 0o755 });
  const specification = { ...template.specification, architecture: { ...architecture, emulator } };
  const controller = new AbortController();
  const making = cloneTemplate({ ...template, specification }, { signal: controller.signal });
  const states = async () => Promise.all((await processesNaming(template.folder)).map(processState));
  while (!(await states()).includes('T'));
  const reason = new Error('Ctrl-C');
  controller.abort(reason);
  await expect(making).rejects.toBe(reason);
  expect(await processesNaming(template.folder)).toEqual([]);
});

test('QEMU killed in the middle is everybody’s answer, and disposal works', async () => {
  await using guest = await clone();
  const { qemu, agent, signal } = guest;
  process.kill(qemu.pid, 'SIGSTOP');
  const waiting = [
    agent.must('true', signal),
    guest.memory.read(0x10_0000n, 4096),
    qemu.qmp.execute('query-status'),
    qemu.gdb.halt(),
  ];
  process.kill(qemu.pid, 'SIGKILL');
  for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'QEMU_KILLED' });
  await expect(agent.must('true', signal)).rejects.toMatchObject({ code: 'QEMU_KILLED' });
  await expect(guest.memory.read(0n, 16)).rejects.toMatchObject({ code: 'QEMU_KILLED' });
  expect(await guest.activity.next(60_000, signal)).toBe(false);
});

test('a guest whose state can’t be written is not saved, and the words are not those of a broken one', async () => {
  await using guest = await clone();
  await expect(saveState(guest, path.join(place, 'nowhere', 'state'))).rejects.toMatchObject({
    blame: 'host',
    code: 'TEMPLATE_UNSAVED',
    advice: expect.stringContaining('--fresh') as string,
  });
});

describe('a template whose state is damaged', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'crashlab-test-'));
    await symlink(path.join(template.folder, 'memory'), path.join(folder, 'memory'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each([
    ['empty', cut(0)],
    ['cut at the start', cut(0.001)],
    ['cut in the middle', cut(0.5)],
    ['another file', flip(0)],
    ['damaged in the middle', flip(0.3)],
  ])('is a clear error: %s', async (_, damage) => {
    const state = path.join(folder, 'state');
    await copyFile(path.join(template.folder, 'state'), state);
    await damage(state);
    await expect(cloneTemplate({ ...template, folder }, { signal: forEver })).rejects.toMatchObject({
      code: 'TEMPLATE_BROKEN',
      blame: 'host',
    });
  });

  // As from another build of QEMU: it is what was saved, and QEMU can't read it.
  test.each([
    ['empty', cut(0)],
    ['cut at the start', cut(0.001)],
    ['cut in the middle', cut(0.5)],
    ['another file', flip(0)],
  ])('is a clear error when only QEMU finds out: %s', async (_, damage) => {
    const state = path.join(folder, 'state');
    await copyFile(path.join(template.folder, 'state'), state);
    await damage(state);
    const lying = { ...template, folder, stateHash: sha256(await readFile(state)) };
    const failed: Guest[] = [];
    const onFailure = (guest: Guest) => void failed.push(guest);
    await expect(cloneTemplate(lying, { signal: forEver, onFailure })).rejects.toMatchObject({
      code: 'TEMPLATE_BROKEN',
      blame: 'host',
    });
    expect(failed).toHaveLength(1);
    expect(await processesNaming(folder)).toEqual([]);
  });

  test('is a clear error when it was removed', async () => {
    const gone = { ...template, folder: path.join(folder, 'nowhere') };
    await expect(cloneTemplate(gone, { signal: forEver })).rejects.toMatchObject({ code: 'TEMPLATE_BROKEN' });
  });
});

test('a damaged template in the cache is booted anew, a sound one never', async () => {
  const cache = await mkdtemp(path.join(tmpdir(), 'crashlab-test-'));
  const specification = await stockSpecification({ memoryMiB: 128 });
  const own = process.env['CRASHLAB_CACHE'];
  process.env['CRASHLAB_CACHE'] = cache;
  try {
    let boots = 0;
    const obtain = () =>
      obtainTemplate(specification, {
        format: 'extended',
        qemu: 'this one',
        signal: forEver,
        bootTimeoutMs: BOOT_MS,
        onBoot: () => (boots += 1),
      });
    const { folder } = await obtain();
    await obtain();
    expect(boots).toBe(1);
    const state = path.join(folder, 'state');
    const bytes = await readFile(state);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(state, bytes);
    const again = await obtain();
    expect(boots).toBe(2);
    await using guest = await cloneTemplate(again, { signal: forEver });
    expect(await guest.agent.must('echo up', guest.signal)).toBe('up\n');
    expect(await readdir(path.join(cache, 'templates'))).toHaveLength(1);
  } finally {
    if (own === undefined) delete process.env['CRASHLAB_CACHE'];
    else process.env['CRASHLAB_CACHE'] = own;
    await rm(cache, { recursive: true });
  }
});

const scratch = async () =>
  (await readdir(tmpdir())).filter((name) => name.startsWith(`crashlab-${process.pid}-`));
const descriptors = async () => (await readdir('/proc/self/fd')).length;

/** Content of everything in a folder. */
async function fingerprint(folder: string): Promise<string> {
  const hash = createHash('sha1');
  for (const name of ['memory', 'state', 'template.json'])
    hash.update(await readFile(path.join(folder, name)));
  return hash.digest('hex');
}

const cut = (part: number) => async (state: string) => {
  await truncate(state, Math.floor((await stat(state)).size * part));
};

const flip = (part: number) => async (state: string) => {
  const bytes = await readFile(state);
  const at = Math.floor(bytes.length * part);
  bytes.fill(0xff, at, Math.min(bytes.length, at + 64));
  await writeFile(state, bytes);
};
