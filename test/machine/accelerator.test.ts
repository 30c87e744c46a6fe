import { spawn } from 'node:child_process';
import { chmod, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { isRunning } from '../../harness/host/store.ts';
import { proveAcceleration } from '../../harness/machine/accelerator.ts';
import { temporaryFolder } from '../host/temporary.ts';

const EMULATOR = 'qemu-system-x86_64';
let folder: string;

/** An emulator whose guests never say a word; it leaves its process number. */
beforeEach(async () => {
  vi.unstubAllEnvs();
  folder = await temporaryFolder();
  const script = `#!/bin/sh\n[ "$1" = --version ] && echo mute && exit\necho $$ > ${folder}/started\nmv ${folder}/started ${folder}/pid\nexec sleep 600\n`;
  await writeFile(path.join(folder, EMULATOR), script);
  await chmod(path.join(folder, EMULATOR), 0o755);
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
  vi.stubEnv('CRASHLAB_CACHE', path.join(folder, 'cache'));
});

const probe = () => vi.waitFor(async () => Number(await readFile(path.join(folder, 'pid'), 'utf8')), 4000);
const untilGone = (pid: number) => vi.waitFor(async () => expect(await isRunning(pid)).toBe(false), 4000);

describe('the accelerator’s probe', () => {
  test('dies with a crashlab that is killed', async () => {
    const built = new URL('../../dist/harness/machine/accelerator.js', import.meta.url).href;
    const script = `(await import('${built}')).proveAcceleration('${EMULATOR}', null)`;
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
    const pid = await probe();
    expect(await isRunning(pid)).toBe(true);
    parent.kill('SIGKILL');
    await untilGone(pid);
  });

  test('without setpriv, which would end it with us, is not started', async () => {
    await symlink('/bin/sh', path.join(folder, 'sh'));
    vi.stubEnv('PATH', folder);
    await expect(proveAcceleration(EMULATOR, null)).rejects.toMatchObject({
      code: 'QEMU_MISSING',
      message: expect.stringContaining('setpriv') as string,
    });
  });

  test('that is interrupted ends at once, and is not remembered as a host without KVM', async () => {
    const controller = new AbortController();
    const proof = proveAcceleration(EMULATOR, null, { signal: controller.signal });
    const pid = await probe();
    controller.abort(new Error('you stopped it'));
    await expect(proof).rejects.toThrow('you stopped it');
    await untilGone(pid);
    expect(await readdir(folder)).toEqual(expect.not.arrayContaining(['cache']));
  });
});
