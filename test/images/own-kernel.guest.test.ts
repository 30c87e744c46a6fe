import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { type Kernel, obtainKernel } from '../../images/kernel.ts';
import { moduleName, moduleOrder } from '../../images/modules.ts';
import { crashlab, trouble, troubleOf } from '../host/program.ts';

const run = promisify(execFile);
const MODULES = ['virtio_pci', 'virtio_net', 'netconsole'];
let folder: string;
let stock: Kernel;
let env: NodeJS.ProcessEnv;

/** Debian's 6.12, as a user's own whose modules were packed with zstd. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'crashlab-own-'));
  stock = await obtainKernel('debian:6.12', { suite: 'trixie' });
  const modules = path.join(folder, 'lib/modules', stock.release);
  await cp(path.join(stock.modulesRoot, 'lib/modules', stock.release), modules, { recursive: true });
  await run('sh', [
    '-c',
    'find "$1" -name "*.ko.xz" -exec xz -d {} + ; find "$1" -name "*.ko" -exec zstd -q -1 --rm {} +',
    'sh',
    modules,
  ]);
  await cp(stock.image, path.join(folder, 'bzImage'));
  env = { CRASHLAB_CACHE: path.join(folder, 'cache') };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const runOwn = (...more: string[]) =>
  crashlab(
    [
      'run',
      'sysrq-crash',
      '--panic',
      '0',
      '--json',
      '--out',
      path.join(folder, 'out'),
      '--kernel',
      path.join(folder, 'bzImage'),
      '--modules',
      folder,
      ...more,
    ],
    env,
  );
const COMPLETE = [
  expect.objectContaining({ outcome: 'verdict', wire: expect.objectContaining({ status: 'complete' }) }),
];
const runsIn = (stdout: string): unknown => JSON.parse(stdout).runs;

describe('a kernel of one’s own with .ko.zst modules', () => {
  test('boots, dies and is judged', async () => {
    const { code, stdout, stderr } = await runOwn();
    expect(stderr).toBe('');
    expect(runsIn(stdout)).toEqual(COMPLETE);
    expect(code).toBe(0);
  });

  test.each([
    ['memory', (template: string) => truncate(path.join(template, 'memory'), 1 << 20)],
    ['state', (template: string) => truncate(path.join(template, 'state'), 1000)],
    ['template.json', (template: string) => rm(path.join(template, 'template.json'))],
  ])('is judged after its template lost its %s', async (_, damage) => {
    const shelf = path.join(folder, 'cache/templates');
    const [template = ''] = await readdir(shelf);
    await damage(path.join(shelf, template));
    const { code, stdout } = await runOwn();
    expect(runsIn(stdout)).toEqual(COMPLETE);
    expect(code).toBe(0);
    expect(await readdir(shelf)).toEqual([template]);
  });

  test.each(['kernel', 'initrd'])(
    'is judged after the file of its -%s in the cache was cut',
    async (option) => {
      const { stdout: command } = await runOwn('--dry-run');
      const [, file = ''] = new RegExp(`^ *-${option} (\\S+)`, 'm').exec(command) ?? [];
      const { size } = await stat(file);
      await truncate(file, 4096);
      const { code, stdout } = await runOwn();
      expect(runsIn(stdout)).toEqual(COMPLETE);
      expect(code).toBe(0);
      expect((await stat(file)).size).toBe(size);
    },
  );

  test.each(['netconsole', 'virtio_net'])('is refused when it has no %s', async (name) => {
    const files = await readdir(folder, { recursive: true });
    const found = files.find((file) => file.startsWith('lib/') && file.endsWith(`/${name}.ko.zst`)) ?? '';
    const aside = path.join(folder, 'aside');
    await rename(path.join(folder, found), aside);
    try {
      expect(troubleOf(await runOwn())).toEqual(
        trouble(4, 'KERNEL_WITHOUT', new RegExp(`${stock.release.replaceAll('+', '\\+')} has no ${name}`)),
      );
    } finally {
      await rename(aside, path.join(folder, found));
    }
  });

  test('is refused with the modules of another release', async () => {
    const other = path.join(folder, 'other');
    await mkdir(other);
    const older = await obtainKernel('debian:6.1', { suite: 'bookworm' });
    const modules = path.join(older.modulesRoot, 'lib/modules', older.release);
    const refused = await crashlab(
      ['run', '--kernel', path.join(folder, 'bzImage'), '--modules', modules],
      env,
    );
    expect(troubleOf(refused)).toEqual(
      trouble(
        2,
        'NO_MODULES',
        new RegExp(`modules of ${older.release}; the image is ${stock.release.replaceAll('+', '\\+')}`),
      ),
    );
  });
});

describe('modules', () => {
  test.each([
    ['debian:6.1', 'bookworm'],
    ['debian:6.12', 'trixie'],
    ['debian:7', 'sid'],
  ])('of %s come after those they need', async (specification, suite) => {
    const kernel = await obtainKernel(specification, { suite });
    const files = await moduleOrder(kernel, MODULES);
    const names = files.map(moduleName);
    expect(names).toContain('netconsole');
    expect(new Set(names).size).toBe(names.length);
    for (const [index, file] of files.entries()) {
      const { stdout } = await run('modinfo', ['-F', 'depends', file]);
      const needed = stdout.trim().split(',').filter(Boolean);
      expect(names.slice(0, index)).toEqual(expect.arrayContaining(needed));
    }
  });
});
