import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { releaseOfImage } from '../../images/bzimage.ts';
import { buildInitramfs } from '../../images/initramfs.ts';
import { listKernels, obtainKernel, ownKernel } from '../../images/kernel.ts';
import { copyModule } from '../../images/modules.ts';
import { sha256 } from '../../harness/host/store.ts';
import { temporaryFolder } from '../host/temporary.ts';
import { tinyImage, writeOwnKernel } from './own.ts';

const run = promisify(execFile);
const RELEASE = '6.99.0-own';
let folder: string;
let image: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  vi.stubEnv('CRASHLAB_CACHE', path.join(folder, 'cache'));
  image = await writeOwnKernel(folder, RELEASE);
});

describe('a bzImage', () => {
  test('says its own release', () => {
    expect(releaseOfImage(tinyImage('6.12.117+deb12-cloud-amd64'))).toBe('6.12.117+deb12-cloud-amd64');
  });

  test('is told from anything else', () => {
    expect(releaseOfImage(Buffer.alloc(0))).toBeNull();
    expect(releaseOfImage(Buffer.from('\x7fELF'.padEnd(4096, '\0')))).toBeNull();
    const dangling = tinyImage('6.1');
    dangling.writeUInt16LE(0xffff, 0x20e);
    expect(releaseOfImage(dangling)).toBeNull();
  });
});

describe('a kernel of one’s own', () => {
  test.each([
    ['the modules’ own folder', 'lib/modules', `lib/modules/${RELEASE}`],
    ['a root', 'lib/modules', '.'],
    ['a root with merged /usr', 'usr/lib/modules', '.'],
    ['a folder of releases', 'lib/modules', 'lib/modules'],
  ])('takes %s as --modules', async (_, below, given) => {
    const root = path.join(folder, 'root');
    const own = await writeOwnKernel(root, RELEASE, below);
    const kernel = await ownKernel(own, path.join(root, given));
    expect(kernel).toMatchObject({ release: RELEASE, arch: 'x86-64', source: own });
    expect(await readFile(kernel.image)).toEqual(tinyImage(RELEASE));
    await expect(buildInitramfs(kernel, ['netconsole', 'virtio_net'])).resolves.toMatch(/initramfs\.cpio$/);
    expect(await listKernels()).toEqual([kernel]);
    expect(await obtainKernel(RELEASE)).toEqual(kernel);
    await expect(obtainKernel(RELEASE, { arch: 'arm64' })).rejects.toMatchObject({
      code: 'NO_KERNEL',
      message: `${RELEASE} is a kernel for x86-64, not for arm64.`,
    });
  });

  test('finds its release among several', async () => {
    await writeOwnKernel(folder, '5.0.0');
    await writeFile(image, tinyImage(RELEASE));
    expect((await ownKernel(image, folder)).release).toBe(RELEASE);
  });

  test('is another one after a rebuild of one module, and the same otherwise', async () => {
    const first = await ownKernel(image, folder);
    expect(await ownKernel(image, folder)).toEqual(first);
    await writeFile(path.join(folder, 'lib/modules', RELEASE, 'modules.builtin'), 'kernel/a.ko\n');
    const second = await ownKernel(image, folder);
    expect(second.modulesRoot).not.toBe(first.modulesRoot);
    expect(await buildInitramfs(second, [])).not.toBe(await buildInitramfs(first, []));
    const bytes = tinyImage(RELEASE);
    bytes[4095] = 1;
    await writeFile(image, bytes);
    const third = await ownKernel(image, folder);
    expect(third.hash).not.toBe(second.hash);
  });

  test('leaves the links to the kernel’s tree behind', async () => {
    const modules = path.join(folder, 'lib/modules', RELEASE);
    await symlink('/', path.join(modules, 'build'));
    const kernel = await ownKernel(image, modules);
    expect(await readdir(path.join(kernel.modulesRoot, 'lib/modules', RELEASE))).not.toContain('build');
  });

  test.each([
    ['no image', () => ownKernel('/nonexistent/bzImage', '/'), 'NO_KERNEL', 'can’t be read'],
    ['a folder as image', () => ownKernel('/', '/'), 'NO_KERNEL', 'can’t be read'],
    ['no bzImage', () => ownKernel(path.join(folder, 'README'), folder), 'NO_KERNEL', 'no bzImage'],
    ['no modules', () => ownKernel(image, path.join(folder, 'nothing')), 'NO_MODULES', 'no modules.order'],
    [
      'modules of another',
      () => ownKernel(image, path.join(folder, 'other')),
      'NO_MODULES',
      'modules of 5.0.0; the',
    ],
  ])('is refused with a sentence: %s', async (_, make, code, words) => {
    await writeFile(path.join(folder, 'README'), 'a text'.padEnd(4096));
    await writeOwnKernel(path.join(folder, 'other'), '5.0.0');
    await expect(make()).rejects.toMatchObject({
      blame: 'usage',
      code,
      message: expect.stringContaining(words),
      advice: expect.any(String),
    });
    expect(await readdir(folder)).not.toContain('cache');
  });
});

describe('a damaged cache', () => {
  const damages: [string, (entry: string) => Promise<void>][] = [
    ['a truncated image', (entry) => truncate(path.join(entry, 'vmlinuz'), 100)],
    [
      'one flipped bit in the image',
      async (entry) => {
        const bytes = await readFile(path.join(entry, 'vmlinuz'));
        bytes[2000] = 1;
        await writeFile(path.join(entry, 'vmlinuz'), bytes);
      },
    ],
    ['no kernel.json', (entry) => rm(path.join(entry, 'kernel.json'))],
    ['half a kernel.json', (entry) => truncate(path.join(entry, 'kernel.json'), 20)],
    ['no modules', (entry) => rm(path.join(entry, 'lib'), { recursive: true })],
  ];

  test.each(damages)('with %s is noticed, and mended from the user’s files', async (_, damage) => {
    const kernel = await ownKernel(image, folder);
    await damage(kernel.modulesRoot);
    expect(await listKernels()).toEqual([]);
    expect(await ownKernel(image, folder)).toEqual(kernel);
    expect(await readFile(kernel.image)).toEqual(tinyImage(RELEASE));
    expect(await listKernels()).toEqual([kernel]);
  });

  test('says so when a release is asked for whose only kernel is broken', async () => {
    const kernel = await ownKernel(image, folder);
    await truncate(kernel.image, 100);
    await expect(obtainKernel(RELEASE)).rejects.toMatchObject({
      code: 'CACHE_DAMAGED',
      advice: expect.stringContaining(`rm -r '${kernel.modulesRoot}'`),
    });
  });

  test.each([
    ['truncated', (file: string) => truncate(file, 5000)],
    [
      'of the right size with one byte changed',
      async (file: string) => {
        const bytes = await readFile(file);
        bytes[1000] = (bytes[1000] ?? 0) ^ 1;
        await writeFile(file, bytes);
      },
    ],
  ])('has its initramfs packed again when it is %s', async (_, damage) => {
    const kernel = await ownKernel(image, folder);
    const archive = await buildInitramfs(kernel, []);
    const { length } = await readFile(archive);
    await damage(archive);
    expect(await buildInitramfs(kernel, [])).toBe(archive);
    const digest = await readFile(path.join(path.dirname(archive), 'sha256'), 'utf8');
    expect(sha256(await readFile(archive))).toBe(digest);
    expect((await readFile(archive)).length).toBe(length);
  });

  test('with a module that is gone or torn is told from a kernel that never had it', async () => {
    await writeModules(folder, { 'gone.ko': 'x', 'torn.ko.xz': 'x' });
    const kernel = await ownKernel(image, folder);
    const below = path.join(kernel.modulesRoot, 'lib/modules', RELEASE, 'kernel');
    await rm(path.join(below, 'gone.ko'));
    await truncate(path.join(below, 'torn.ko.xz'), 20);
    await expect(buildInitramfs(kernel, ['gone'])).rejects.toMatchObject({ code: 'CACHE_DAMAGED' });
    await expect(buildInitramfs(kernel, ['torn'])).rejects.toMatchObject({ code: 'CACHE_DAMAGED' });
    await expect(buildInitramfs(kernel, ['never'])).rejects.toMatchObject({
      blame: 'guest',
      code: 'KERNEL_WITHOUT',
      message: `Kernel ${RELEASE} has no never, neither built in nor as a module.`,
    });
    expect(await readdir(path.join(folder, 'cache/initramfs'))).toEqual([]);
  });
});

describe('an initramfs', () => {
  test.each(['ko', 'ko.xz', 'ko.zst'])('has a module that was .%s, unpacked', async (suffix) => {
    await writeModules(folder, { [`dummy.${suffix}`]: 'the module’s bytes' });
    const archive = await buildInitramfs(await ownKernel(image, folder), ['netconsole', 'dummy']);
    const files = path.join(folder, 'unpacked');
    await mkdir(files);
    await run('cpio', ['--extract', '--quiet', '--make-directories', '--file', archive], { cwd: files });
    expect(await readFile(path.join(files, 'lib/modules/dummy.ko'), 'utf8')).toBe('the module’s bytes');
    expect(await readFile(path.join(files, 'modules'), 'utf8')).toBe('dummy\n');
    expect((await readdir(files)).sort()).toEqual(['bin', 'init', 'lib', 'modules']);
  });

  test('is made in a cache whose path has spaces and quotes', async () => {
    vi.stubEnv('CRASHLAB_CACHE', path.join(folder, "it's a cache"));
    await writeModules(folder, { 'dummy.ko.xz': 'x' });
    const kernel = await ownKernel(image, folder);
    await expect(buildInitramfs(kernel, ['dummy'])).resolves.toContain("it's a cache");
  });

  test('is made with an ordinary user’s PATH, which has no sbin', async () => {
    vi.stubEnv('PATH', '/usr/local/bin:/usr/bin:/bin');
    await writeModules(folder, { 'dummy.ko': 'x' });
    await expect(buildInitramfs(await ownKernel(image, folder), ['dummy'])).resolves.toBeTruthy();
  });

  test('of a module in a format nobody knows is refused', async () => {
    await writeModules(folder, { 'dummy.ko': 'x' });
    const kernel = await ownKernel(image, folder);
    await expect(copyModule(kernel, '/lib/dummy.ko.br', folder)).rejects.toMatchObject({
      code: 'MODULE_FORMAT',
    });
  });
});

const PACKERS: Record<string, string> = { '.xz': 'xz', '.zst': 'zstd' };

/** Modules in name only, which is enough for depmod; packed as their names say. */
async function writeModules(root: string, modules: Record<string, string>): Promise<void> {
  const below = path.join(root, 'lib/modules', RELEASE, 'kernel');
  await mkdir(below, { recursive: true });
  for (const [name, text] of Object.entries(modules)) {
    const packer = PACKERS[path.extname(name)];
    const file = path.join(below, packer ? path.basename(name, path.extname(name)) : name);
    await writeFile(file, text);
    if (packer) await run(packer, ['-q', ...(packer === 'zstd' ? ['--rm'] : []), file]);
  }
}
