import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { draftName, sweepDrafts } from '../../harness/host/draft.ts';
import { isRunning, replaceFile, sha256, storeEntry } from '../../harness/host/store.ts';
import { temporaryFolder } from './temporary.ts';

let cache: string;
beforeEach(async () => {
  cache = await temporaryFolder();
  vi.stubEnv('CRASHLAB_CACHE', cache);
});

const sound = (folder: string) =>
  readFile(path.join(folder, 'text'), 'utf8').then(
    (text) => text === 'whole',
    () => false,
  );
const build = (folder: string) => writeFile(path.join(folder, 'text'), 'whole');

const failing = async (folder: string) => {
  await build(folder);
  throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
};

/** The built program's store in a process of its own, which says each step and waits for a line before the next. */
function builder(): ChildProcess & { said: (word: string) => Promise<void> } {
  const store = new URL('../../dist/harness/host/store.js', import.meta.url).href;
  const script = `
    import { readFile, writeFile } from 'node:fs/promises';
    import { once } from 'node:events';
    const { storeEntry } = await import(${JSON.stringify(store)});
    const sound = (folder) => readFile(folder + '/text', 'utf8').then((text) => text === 'whole', () => false);
    await storeEntry('things', 'one', { sound, build: async (folder) => {
      await writeFile(folder + '/text', 'who');
      console.log('building');
      await once(process.stdin, 'data');
      await writeFile(folder + '/text', 'whole');
    } });
    console.log('done');
    process.exit(0);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const said = async (word: string) => {
    while (!text.includes(word)) await once(child.stdout, 'data');
  };
  return Object.assign(child, { said });
}

const shelf = () => path.join(cache, 'things');
const entries = async () => (await readdir(shelf())).sort();

describe('an entry', () => {
  test('is built once, and then found', async () => {
    expect(await storeEntry('things', 'one', { sound, build })).toEqual({
      folder: path.join(shelf(), 'one'),
      built: true,
    });
    const again = vi.fn<() => Promise<void>>();
    expect((await storeEntry('things', 'one', { sound, build: again })).built).toBe(false);
    expect(again).not.toHaveBeenCalled();
  });

  test('is on the disk before it has its name', async () => {
    const handle = await open(cache);
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const inPlace: boolean[] = [];
    using _ = vi.spyOn(prototype, 'sync').mockImplementation(async () => {
      inPlace.push(existsSync(path.join(shelf(), 'one')));
    });
    await storeEntry('things', 'one', {
      sound,
      build: async (folder) => {
        await build(folder);
        await mkdir(path.join(folder, 'below'));
        await writeFile(path.join(folder, 'below/text'), '');
      },
    });
    // Two files, two folders.
    expect(inPlace).toEqual([false, false, false, false]);
  });

  test('that is damaged is built anew', async () => {
    await mkdir(path.join(shelf(), 'one'), { recursive: true });
    await writeFile(path.join(shelf(), 'one/text'), 'who');
    await writeFile(path.join(shelf(), 'one/more'), 'old');
    await storeEntry('things', 'one', { sound, build });
    expect(await readdir(path.join(shelf(), 'one'))).toEqual(['text']);
    expect(await entries()).toEqual(['one']);
  });

  test('whose building fails leaves nothing', async () => {
    await expect(storeEntry('things', 'one', { sound, build: failing })).rejects.toMatchObject({
      code: 'DISK_FULL',
      advice: expect.stringContaining(cache),
    });
    expect(await entries()).toEqual([]);
  });

  test('that another builder put in place first stays as it is', async () => {
    await storeEntry('things', 'one', {
      sound,
      build: async (folder) => {
        await build(folder);
        await storeEntry('things', 'one', { sound, build });
        await writeFile(path.join(shelf(), 'one/first'), '');
      },
    });
    expect(await readdir(path.join(shelf(), 'one'))).toEqual(['first', 'text']);
    expect(await entries()).toEqual(['one']);
  });

  test('built by two processes at once is whole for both, and nothing is left', async () => {
    const [one, two] = [builder(), builder()];
    await Promise.all([one.said('building'), two.said('building')]);
    expect(await entries()).toHaveLength(2);
    one.stdin?.write('\n');
    two.stdin?.write('\n');
    await Promise.all([one.said('done'), two.said('done')]);
    expect(await entries()).toEqual(['one']);
    expect(await sound(path.join(shelf(), 'one'))).toBe(true);
  });

  test('of a builder that was killed is swept by the next, not that of one at work', async () => {
    const [killed, working] = [builder(), builder()];
    await Promise.all([killed.said('building'), working.said('building')]);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    await storeEntry('things', 'two', { sound, build });
    const left = await entries();
    expect(left).toHaveLength(2);
    expect(left[0]).toContain(`one.draft-${working.pid}-`);
    expect(left[1]).toBe('two');
    working.stdin?.write('\n');
    await working.said('done');
    expect(await entries()).toEqual(['one', 'two']);
  });
});

const DAY_MS = 24 * 3600 * 1000;
const draftsAfterSweep = async (name: string, ageMs = 0) => {
  const file = path.join(cache, name);
  await mkdir(file);
  const touched = new Date(Date.now() - ageMs);
  await utimes(file, touched, touched);
  await sweepDrafts(cache);
  return readdir(cache);
};

describe('a draft', () => {
  test('of a living process stays, whatever its age', async () => {
    const name = path.basename(await draftName('one'));
    expect(await draftsAfterSweep(name, 10 * DAY_MS)).toEqual([name]);
  });

  test('of a process whose number was given out again goes', async () => {
    const [, before, start, after] = /^(.*-)(\d+)(-[^-]+-[^-]+)$/.exec(await draftName('one')) ?? [];
    expect(await draftsAfterSweep(`${before}${Number(start) - 1}${after}`)).toEqual([]);
  });

  test('of another container or host goes when nobody has touched it for a day', async () => {
    const name = `one.draft-1-1-${'0'.repeat(8)}-${'0'.repeat(8)}`;
    expect(await draftsAfterSweep(name, DAY_MS / 2)).toEqual([name]);
    await rm(path.join(cache, name), { recursive: true });
    expect(await draftsAfterSweep(name, DAY_MS + 60_000)).toEqual([]);
  });
});

describe('a process', () => {
  test('that has ended but was not waited for does not run', async () => {
    // sh becomes sleep, which never waits for its child
    const parent = spawn('sh', ['-c', 'sh -c "echo \\$\\$; exec 1>&-" & exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [chunk]: Buffer[] = await once(parent.stdout, 'data');
      const child = Number(chunk?.toString());
      await vi.waitFor(async () => expect(await readFile(`/proc/${child}/stat`, 'latin1')).toContain(') Z '));
      expect(await isRunning(child)).toBe(false);
      expect(await isRunning(process.pid)).toBe(true);
    } finally {
      parent.kill('SIGKILL');
    }
  });
});

describe('a small file', () => {
  test('is replaced as a whole, its folder made', async () => {
    const file = path.join(cache, 'names/one');
    await replaceFile(file, 'first');
    await replaceFile(file, 'second');
    expect(await readFile(file, 'utf8')).toBe('second');
    expect(await readdir(path.dirname(file))).toEqual(['one']);
  });

  test('that can’t be written leaves no draft', async () => {
    await mkdir(path.join(cache, 'names/one/below'), { recursive: true });
    await expect(replaceFile(path.join(cache, 'names/one'), 'x')).rejects.toMatchObject({ blame: 'host' });
    expect(await readdir(path.join(cache, 'names'))).toEqual(['one']);
  });
});

test('a digest is that of sha256sum', () => {
  expect(sha256(new TextEncoder().encode('abc'))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});
