import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, readdir, rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ownMark } from '../../harness/host/owner.ts';
import { openScratch, sweepScratch } from '../../harness/host/scratch.ts';
import { asRoot, rootOnly } from './program.ts';
import { temporaryFolder } from './temporary.ts';

let place: string;
beforeEach(async () => {
  vi.unstubAllEnvs();
  place = await temporaryFolder();
  vi.stubEnv('TMPDIR', place);
});

/** A folder as that process of this place would have made it. */
async function folderOf(pid: number, there = ''): Promise<string> {
  const [, start, here = ''] = (await ownMark()).split('-');
  const name = `crashlab-${pid}-${start}-${there || here}-abcXYZ`;
  await mkdir(path.join(place, name, 'below'), { recursive: true });
  return name;
}

async function endedProcess(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

const DAY_MS = 24 * 3600 * 1000;

describe('a scratch folder', () => {
  test('of a living process stays, and goes with what it was for', async () => {
    const scratch = await openScratch();
    await sweepScratch();
    expect(await readdir(place)).toEqual([path.basename(scratch.folder)]);
    await scratch[Symbol.asyncDispose]();
    expect(await readdir(place)).toEqual([]);
  });

  test('of a process that has ended is swept', async () => {
    await folderOf(await endedProcess());
    await mkdir(path.join(place, 'crashlab-1-else'));
    await sweepScratch();
    expect(await readdir(place)).toEqual(['crashlab-1-else']);
  });

  test('of another container that shares the folder stays, unless nobody has touched it for a day', async () => {
    const name = await folderOf(await endedProcess(), '0'.repeat(8));
    await sweepScratch();
    expect(await readdir(place)).toEqual([name]);
    const before = new Date(Date.now() - DAY_MS - 60_000);
    await utimes(path.join(place, name), before, before);
    await sweepScratch();
    expect(await readdir(place)).toEqual([]);
  });

  test.skipIf(!asRoot)(`of another user stays, and is nobody’s trouble${rootOnly}`, async () => {
    const name = await folderOf(await endedProcess());
    await chown(path.join(place, name), 65534, 65534);
    await sweepScratch();
    expect(await readdir(place)).toEqual([name]);
  });
});

describe('a folder for temporary files', () => {
  test('that is not there is told with what to do', async () => {
    await rm(place, { recursive: true });
    const error = { blame: 'host', code: 'NO_SCRATCH', message: expect.stringContaining(place) as string };
    await expect(openScratch()).rejects.toMatchObject(error);
    await expect(sweepScratch()).rejects.toMatchObject({
      ...error,
      advice: expect.stringContaining('TMPDIR') as string,
    });
    await mkdir(place);
  });
});
