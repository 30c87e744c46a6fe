import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { debianPackageOf } from '../../images/kernel-headers.ts';
import { ownKernel } from '../../images/kernel.ts';
import { obtainLabModule } from '../../images/lab-module.ts';
import { fingerprintHeaders } from '../../images/own-headers.ts';
import { temporaryFolder } from '../host/temporary.ts';
import { writeOwnKernel } from './own.ts';

const RELEASE = '6.99.0-own';
let folder: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  vi.stubEnv('CRASHLAB_CACHE', path.join(folder, 'cache'));
});

/** A build tree as kbuild leaves it, as far as it is looked at. */
async function writeHeaders(name: string, release: string): Promise<string> {
  const headers = path.join(folder, name);
  await mkdir(path.join(headers, 'include/config'), { recursive: true });
  await writeFile(path.join(headers, 'include/config/kernel.release'), `${release}\n`);
  await writeFile(path.join(headers, 'include/config/auto.conf'), 'CONFIG_NET=y\n');
  await writeFile(
    path.join(headers, 'Makefile'),
    'modules:\n\t@echo "$(M)/lab.h: error: no such luck"; false\n',
  );
  return headers;
}

const own = async () => ownKernel(await writeOwnKernel(folder, RELEASE), folder);

describe('a Debian kernel', () => {
  test('names the package, version and suite its headers must be of', () => {
    const source = 'linux-image-6.1.0-56-cloud-amd64 6.1.192-2 (bookworm)';
    expect(debianPackageOf({ source, arch: 'x86-64' })).toEqual({
      name: 'linux-image-6.1.0-56-cloud-amd64',
      version: '6.1.192-2',
      suite: 'bookworm',
      architecture: 'amd64',
    });
    expect(debianPackageOf({ source: '/home/me/linux/arch/x86/boot/bzImage', arch: 'x86-64' })).toBeNull();
  });
});

describe('a kernel of one’s own has no lab module', () => {
  test('when nobody says where its headers are', async () => {
    const { unavailable } = { unavailable: '', ...(await obtainLabModule(await own())) };
    expect(unavailable).toContain(`Nobody said where the headers of ${RELEASE} are.`);
    expect(unavailable).toContain('the link `build` in the folder of --modules');
  });

  test('when its modules have no build link, or one that leads nowhere', async () => {
    const kernel = await own();
    const build = path.join(folder, 'lib/modules', RELEASE, 'build');
    const nothing = { unavailable: expect.stringContaining(`${build} holds no kernel’s headers`) };
    expect(await obtainLabModule(kernel, { modules: folder })).toEqual(nothing);
    await symlink(path.join(folder, 'gone'), build);
    expect(await obtainLabModule(kernel, { modules: folder })).toEqual(nothing);
  });

  test('when the headers are those of another kernel', async () => {
    const headers = await writeHeaders('headers', '6.98.0');
    expect(await obtainLabModule(await own(), { headers })).toEqual({
      unavailable: expect.stringContaining(`holds the headers of 6.98.0; the kernel is ${RELEASE}`),
    });
  });

  test('when it can’t be built, and the compiler’s own words say why', async () => {
    const headers = await writeHeaders('headers', RELEASE);
    expect(await obtainLabModule(await own(), { headers })).toEqual({
      unavailable: expect.stringMatching(/could not be built on this host: .*no such luck/),
    });
  });

  test('when this host has no compiler, and the command that mends it is named', async () => {
    const headers = await writeHeaders('headers', RELEASE);
    const kernel = await own();
    const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
    vi.stubEnv('PATH', folder);
    expect(await obtainLabModule(kernel, { headers })).toEqual({
      unavailable: expect.stringContaining(
        `no C compiler on this host: ${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends gcc make`,
      ),
    });
  });
});

describe('headers', () => {
  test('are others once their kernel was configured anew, and not by lying there', async () => {
    const headers = await writeHeaders('headers', RELEASE);
    const before = await fingerprintHeaders(headers);
    expect(await fingerprintHeaders(headers)).toBe(before);
    await writeFile(path.join(headers, 'include/config/auto.conf'), 'CONFIG_NET=y\nCONFIG_PREEMPT=y\n');
    expect(await fingerprintHeaders(headers)).not.toBe(before);
  });
});
