import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { isStaticProgram } from '../../images/elf.ts';
import {
  asRoot,
  NOBODY,
  othersReach,
  CLI,
  crashlab,
  trouble,
  troubleOf,
  finished,
  pathWithout,
  rootOnly,
} from '../host/program.ts';
import { temporaryFolder } from '../host/temporary.ts';
import { tinyImage, writeOwnKernel } from './own.ts';

let folder: string;
let cache: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  folder = await temporaryFolder();
  cache = path.join(folder, 'cache');
  env = { CRASHLAB_CACHE: cache };
});

const everythingIn = async (place: string) => readdir(place, { recursive: true }).catch(() => []);

describe('crashlab', () => {
  test('without apt says how to go on without', async () => {
    const PATH = await pathWithout(path.join(folder, 'bin'), ['apt-get', 'apt-cache']);
    const run = await crashlab(['kernel', 'add', 'debian'], { ...env, PATH });
    expect(troubleOf(run)).toEqual(
      trouble(3, 'APT_MISSING', /no apt on this host.*\n.*--kernel bzImage --modules DIR/),
    );
    expect(await everythingIn(cache)).toEqual([]);
  });

  test('without QEMU names the package', async () => {
    const image = await writeOwnKernel(folder, '6.99.0-own');
    const PATH = await pathWithout(path.join(folder, 'bin'), ['qemu-system-x86_64']);
    const run = await crashlab(['run', '--kernel', image, '--modules', folder], { ...env, PATH });
    expect(troubleOf(run)).toEqual(trouble(3, 'QEMU_MISSING', /apt-get install qemu-system-x86/));
  });

  test('without a program that packs guests names its package', async () => {
    const PATH = await pathWithout(path.join(folder, 'bin'), ['cpio']);
    const image = await writeOwnKernel(folder, '6.99.0-own');
    const run = await crashlab(['run', '--dry-run', '--kernel', image, '--modules', folder], {
      ...env,
      PATH,
    });
    expect(troubleOf(run)).toEqual(trouble(3, 'PROGRAM_MISSING', /no cpio .*\n.*apt-get install .* cpio;/));
    expect(await readdir(path.join(cache, 'initramfs'))).toEqual([]);
  });

  test('with a kernel that lacks a driver names it', async () => {
    const image = await writeOwnKernel(folder, '6.99.0-own');
    await writeFile(
      path.join(folder, 'lib/modules/6.99.0-own/modules.builtin'),
      'kernel/drivers/virtio/virtio_pci.ko\nkernel/drivers/net/virtio_net.ko\n',
    );
    const run = await crashlab(['run', '--kernel', image, '--modules', folder], env);
    expect(troubleOf(run)).toEqual(
      trouble(4, 'KERNEL_WITHOUT', /6\.99\.0-own has no netconsole.*\n.*CONFIG_NETCONSOLE/),
    );
  });

  test.skipIf(!asRoot).each([
    ['no busybox', '/dev/null', 'there is no /bin/busybox'],
    [
      'one that is not static, as the package busybox has it,',
      '/bin/true',
      '/bin/busybox is not a static one',
    ],
  ])(`with %s takes Debian’s, and without a network names the package${rootOnly}`, async (_, other, why) => {
    const image = await writeOwnKernel(folder, '6.99.0-own');
    const script = `mount --bind ${other} /bin/busybox && exec "$@"`;
    const hidden = ['unshare', '--mount', 'sh', '-c', script, 'sh', process.execPath, CLI];
    const run = [...hidden, 'run', '--dry-run', '--kernel', image, '--modules', folder];
    const cut = { http_proxy: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9' };
    expect(troubleOf(await finished(run, { ...env, ...cut }))).toEqual(
      trouble(3, 'BUSYBOX_MISSING', /\/bin\/busybox.*\n.*apt-get install busybox-static/),
    );
    expect(await finished(run, env)).toMatchObject({ code: 0, stderr: '' });
    expect(await isStaticProgram(path.join(cache, 'busybox/x86-64/busybox'))).toBe(true);
    const doctor = await finished([...hidden, 'doctor'], env);
    expect(doctor.stdout).toContain(
      `· busybox      that of Debian’s busybox-static, fetched once as any user: ${why}\n`,
    );
  });

  test('without a folder for temporary files says which one it wanted', async () => {
    const run = await crashlab(['run', '--dry-run'], { ...env, TMPDIR: path.join(folder, 'nowhere') });
    expect(troubleOf(run)).toEqual(trouble(3, 'NO_SCRATCH', /nowhere.*\n.*TMPDIR/));
  });

  const inReach = othersReach(CLI);
  const reason = asRoot && !inReach ? ' (left out: others can’t read this checkout)' : rootOnly;
  test.skipIf(!asRoot || !inReach)(`in a cache of someone else’s says so${reason}`, async () => {
    await mkdir(cache);
    await chmod(folder, 0o755);
    const run = await finished([...NOBODY, process.execPath, CLI, 'kernel', 'add', 'debian'], env);
    expect(troubleOf(run)).toEqual(trouble(3, 'NO_PERMISSION', /EACCES.*\n.*CRASHLAB_CACHE/));
  });

  test.skipIf(!asRoot)(`on a read-only disk says so${rootOnly}`, async () => {
    const image = await writeOwnKernel(folder, '6.99.0-own');
    const run = await onDisk('size=64k,ro', ['run', '--kernel', image, '--modules', folder]);
    expect(troubleOf(run)).toEqual(trouble(3, 'NO_PERMISSION', /EROFS.*\n.*CRASHLAB_CACHE/));
  });

  test.skipIf(!asRoot)(`on a full disk says so and leaves nothing there${rootOnly}`, async () => {
    const image = await writeOwnKernel(folder, '6.99.0-own');
    await writeFile(image, Buffer.concat([tinyImage('6.99.0-own'), Buffer.alloc(1 << 20)]));
    const run = await onDisk('size=256k', ['run', '--kernel', image, '--modules', folder]);
    expect(troubleOf(run)).toEqual(trouble(3, 'DISK_FULL', /The disk is full.*\n.*CRASHLAB_CACHE/));
    expect(run.stdout.trim()).toBe(`${cache}\n${cache}/kernels`);
  });
});

describe('crashlab doctor', () => {
  test('names what is missing, and one command that mends it all', async () => {
    const PATH = await pathWithout(path.join(folder, 'bin'), ['qemu-system-x86_64', 'cpio', 'zstd']);
    const run = await crashlab(['doctor'], { ...env, PATH });
    expect(run.code).toBe(3);
    expect(run.stderr).toBe('');
    expect(run.stdout).toContain('✗ cpio         missing (package cpio): packs the initramfs\n');
    expect(run.stdout).toContain('✗ x86-64       no guest can run without qemu-system-x86_64\n');
    expect(run.stdout).toContain(`· cache        ${cache}\n`);
    expect(run.stdout).toContain('· kernels      none yet: the first run fetches one\n');
    expect(run.stdout.match(/To mend it/g)).toHaveLength(1);
    expect(run.stdout.match(/apt-get install/g)).toHaveLength(1);
    const sudo = asRoot ? '' : 'sudo ';
    expect(run.stdout).toMatch(
      new RegExp(
        `\nTo mend it: ${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends qemu-system-x86 cpio zstd\n$`,
      ),
    );
  });
});

/** With the cache on a small disk of its own, visible to this command only; prints what is left on it. */
async function onDisk(options: string, list: string[]) {
  await mkdir(cache);
  const script = `mount -t tmpfs -o ${options} none "$1"; place=$1; shift; "$@"; code=$?; find "$place"; exit $code`;
  return finished(
    ['unshare', '--mount', 'sh', '-c', script, 'sh', cache, process.execPath, CLI, ...list],
    env,
  );
}
