import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { prepareRoot } from '../../images/apt.ts';
import { updateLists } from '../../images/apt-lists.ts';
import { download } from '../../images/apt-packages.ts';
import { asRoot, CLI, crashlab, trouble, troubleOf, finished, rootOnly } from '../host/program.ts';
import { temporaryFolder } from '../host/temporary.ts';

const KEY = '/usr/share/keyrings/debian-archive-keyring.gpg';
let folder: string;
let cache: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  folder = await temporaryFolder();
  cache = path.join(folder, 'cache');
  env = { CRASHLAB_CACHE: cache };
});
const proxy = (port: number) => ({
  http_proxy: `http://127.0.0.1:${port}`,
  https_proxy: `http://127.0.0.1:${port}`,
});

describe('fetching', () => {
  test('by two processes at once ends with one whole kernel, which both name', async () => {
    const add = () => crashlab(['kernel', 'add', 'debian:6.12', '--suite', 'trixie'], env);
    const [one, two] = await Promise.all([add(), add()]);
    expect([one.code, two.code, one.stderr + two.stderr]).toEqual([0, 0, '']);
    expect(two.stdout).toBe(one.stdout);
    const [release, arch, source] = one.stdout.trim().split('\n').at(-1)?.split('\t') ?? [];
    expect(release).toMatch(/^6\.12\.\d+\+deb13-cloud-amd64$/);
    expect([arch, source]).toEqual(['x86-64', expect.stringMatching(/^linux-image-6\.12\..*\(trixie\)$/)]);
    expect(await readdir(path.join(cache, 'kernels'))).toHaveLength(1);
    const listed = await crashlab(['kernel', 'list'], env);
    expect(listed.stdout).toBe(`${release}\t${arch}\t${source}\n`);
    const again = await crashlab(['run', '--dry-run', '--kernel', 'debian:6.12@trixie'], {
      ...env,
      ...proxy(9),
    });
    expect(again.stdout).not.toContain('Fetching');
    expect(again.code).toBe(0);
  });

  test('finds a 7.x kernel in sid, whose package is in parts', async () => {
    const added = await crashlab(['kernel', 'add', 'debian:7', '--suite', 'sid'], env);
    expect(added).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^7\.\d+\.\d+\+deb\d+-cloud-amd64\t/m),
    });
    const dry = await crashlab(['run', '--dry-run', '--kernel', 'debian:7@sid'], env);
    expect(dry).toMatchObject({ code: 0, stderr: '' });
  });

  test('a kernel the release does not have names those it has', async () => {
    const added = await crashlab(['kernel', 'add', 'debian:7'], env);
    expect(troubleOf(added)).toEqual(
      trouble(
        2,
        'NO_KERNEL',
        /^crashlab: \w+ has no kernel "debian:7"\.\nIt has debian:\d+\.\d+.*; another suite: debian:7@sid/,
      ),
    );
    const missing = await crashlab(['kernel', 'add', 'linux-image-9.9-cloud-amd64'], env);
    expect(troubleOf(missing)).toEqual(
      trouble(2, 'NO_KERNEL', /has no kernel "linux-image-9\.9-cloud-amd64"\./),
    );
    expect(await readdir(cache)).toEqual(['apt']);
  });

  test('from a suite that is not there leaves nothing', async () => {
    const added = await crashlab(['kernel', 'add', 'debian', '--suite', 'bokworm'], env);
    expect(troubleOf(added)).toEqual(trouble(2, 'NO_SUITE', /no suite "bokworm"\.\nDid you mean bookworm\?/));
    expect(await readdir(cache, { recursive: true })).toEqual(['apt']);
  });

  test('without a network says so, and what works without', async () => {
    const added = await crashlab(['kernel', 'add', 'debian'], { ...env, ...proxy(9) });
    expect(troubleOf(added)).toEqual(
      trouble(3, 'NO_NETWORK', /(?:Could not|Unable to) connect to 127\.0\.0\.1:9.*\n.*crashlab kernel list/),
    );
    expect(await readdir(cache, { recursive: true })).toEqual(['apt']);
  });

  test('from a network that swallows everything ends in half a minute', async () => {
    await using mute = await muteServer();
    const startedMs = performance.now();
    const added = await crashlab(['kernel', 'add', 'debian'], { ...env, ...proxy(mute.port) });
    expect(troubleOf(added)).toEqual(trouble(3, 'NO_NETWORK', /nothing came from the mirror for 25 s/));
    expect(performance.now() - startedMs).toBeLessThan(32_000);
  });

  test.skipIf(!asRoot)(
    `onto a full disk says so, whether in lists, packages or modules${rootOnly}`,
    async () => {
      await mkdir(cache);
      const script =
        'mount -t tmpfs -o "size=$1" none "$2"; shift 2; "$@"; code=$?; find "$CRASHLAB_CACHE/kernels"; exit $code';
      for (const size of ['1m', '32m', '60m']) {
        const add = ['sh', '-c', script, 'sh', size, cache, process.execPath, CLI, 'kernel', 'add', 'debian'];
        const added = await finished(['unshare', '--mount', ...add], env);
        const errors = { ...added, stderr: added.stderr.replace(/^find: .*\n/m, '') };
        expect(troubleOf(errors)).toEqual(trouble(3, 'DISK_FULL', /The disk is full.*\n.*CRASHLAB_CACHE/));
        expect(added.stdout).not.toContain(`${cache}/kernels/`);
      }
    },
  );

  test('stopped by a signal leaves nothing running and nothing half', async () => {
    await using mute = await muteServer();
    const child = execFile(process.execPath, [CLI, 'kernel', 'add', 'debian'], {
      env: { ...process.env, ...env, ...proxy(mute.port) },
    });
    await mute.called;
    expect(await commandsNaming(cache)).toContainEqual(expect.stringMatching(/^apt-get /));
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([130, null]);
    await vi.waitFor(async () => expect(await commandsNaming(cache)).toEqual([]));
    expect(await readdir(cache)).toEqual(['apt']);
  });
});

describe('what is fetched', () => {
  test('is refused when nobody signed it', async () => {
    await mkdir(cache);
    await expect(updateLists(await unsigned())).rejects.toMatchObject({
      blame: 'host',
      code: 'UNTRUSTED',
      message: expect.stringContaining('is not signed'),
    });
    expect(await readdir(cache)).toEqual([]);
  });

  test('is refused though the host lets anything in', async () => {
    const root = await unsigned();
    const lax = path.join(folder, 'lax.conf');
    await writeFile(
      lax,
      'APT::Get::AllowUnauthenticated "true";\nAcquire::AllowInsecureRepositories "true";\n',
    );
    process.env['APT_CONFIG'] = lax;
    try {
      await expect(updateLists(root)).rejects.toMatchObject({ code: 'UNTRUSTED' });
    } finally {
      delete process.env['APT_CONFIG'];
    }
  });

  test('is only what the signed lists name', async () => {
    const root = await unsigned();
    await expect(download(root, ['linux-image-6.1.0-1-cloud-amd64'], folder)).rejects.toMatchObject({
      code: 'NO_NETWORK',
      message: expect.stringContaining('Unable to locate package'),
    });
  });
});

/** A mirror on disk with one package, whose lists are there but carry no signature of Debian's. */
async function unsigned() {
  const mirror = path.join(folder, 'mirror');
  await mkdir(mirror);
  await writeFile(path.join(mirror, 'Packages'), '');
  await writeFile(
    path.join(mirror, 'Release'),
    `Suite: bookworm\nDate: ${new Date().toUTCString().replace('GMT', 'UTC')}\nSHA256:\n e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 Packages\n`,
  );
  return prepareRoot({
    suite: 'bookworm',
    architecture: 'amd64',
    folder: path.join(cache, 'root'),
    sources: `deb [signed-by=${KEY}] file:${mirror} ./\n`,
  });
}

/** Takes every connection and never says a word. */
async function muteServer(): Promise<AsyncDisposable & { port: number; called: Promise<unknown> }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined).resume();
  });
  const called = once(server, 'connection');
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    called,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Command lines of running processes that name a path. */
async function commandsNaming(place: string): Promise<string[]> {
  const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = numbers.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''));
  return (await Promise.all(lines))
    .map((line) => line.replaceAll('\0', ' '))
    .filter((line) => line.includes(place));
}
