import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { crashlab, trouble, troubleOf, finished } from '../host/program.ts';
import { temporaryFolder } from '../host/temporary.ts';
import { writeOwnKernel } from './own.ts';

let folder: string;
let cache: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  folder = await temporaryFolder();
  cache = path.join(folder, 'cache');
  env = { CRASHLAB_CACHE: cache };
});

describe('crashlab', () => {
  test.each([
    [['kernel', 'add', 'debain'], 'NO_KERNEL', /"debain" names no kernel\.\nDid you mean debian\?/],
    [['kernel', 'add', 'debian', '--suite', 'sid/../..'], 'NO_SUITE', /no suite "sid\/\.\.\/\.\."/],
    [['run', 'sysrq-crush'], 'NO_SCENARIO', /no scenario "sysrq-crush"\.\nDid you mean sysrq-crash\?/],
    [['run', '--nic', 'e100'], 'NO_NIC', /no network card "e100"\.\nDid you mean e1000\?/],
    [['run', '--arch', 'arm46'], 'NO_ARCHITECTURE', /architecture "arm46"\.\nDid you mean arm64\?/],
    [['kernel', 'add', 'debian:6.12-rtt'], 'NO_KERNEL', /Did you mean debian:6\.12-rt\?/],
    [['run', '--kernel', '6.99.0-owm'], 'NO_KERNEL', /names no kernel\.\nDid you mean 6\.99\.0-own\?/],
    [['run', '--kernel', '/x/bzImage'], 'NO_MODULES', /without its modules\.\n.*--modules DIR/],
    [['run', '--kernel', '/x/bzImage', '--modules', '/x'], 'NO_KERNEL', /\/x\/bzImage can’t be read/],
  ])('%j is corrected', async (list, code, words) => {
    const entry = path.join(cache, 'kernels/own');
    await mkdir(entry, { recursive: true });
    const manifest = { release: '6.99.0-own', arch: 'x86-64', source: 'own', hash: '0', sha256: '0' };
    await writeFile(path.join(entry, 'kernel.json'), JSON.stringify(manifest));
    expect(troubleOf(await crashlab(list, env))).toEqual(trouble(2, code, words));
    expect(await readdir(cache)).toEqual(['kernels']);
  });

  test.each([
    [['run', '--kernl', 'debian'], /unknown option '--kernl'\n\(Did you mean --kernel\?\)/],
    [['kernel', 'ad', 'debian'], /unknown command 'ad'\n\(Did you mean add\?\)/],
  ])('%j is a usage error with a hint', async (list, words) => {
    const run = await crashlab(list, env);
    expect(run).toMatchObject({ code: 2, stderr: expect.stringMatching(words) });
    expect(run.stderr).not.toMatch(/^\s+at /m);
  });
});

test('a warm kernel is ready without loading what builds kernels, and without any program', async () => {
  const image = await writeOwnKernel(folder, '6.99.0-own');
  const images = new URL('../../dist/images/', import.meta.url).href;
  const hook = `export const resolve = (name, context, next) => {
    if (name === 'zx') throw new Error('zx was loaded');
    return next(name, context);
  };`;
  const use = (warm: boolean) => `
    if (${warm}) (await import('node:module')).register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});
    const { obtainKernel, ownKernel } = await import('${images}kernel.js');
    const { buildInitramfs } = await import('${images}initramfs.js');
    const [image, folder] = process.argv.slice(1);
    for (const kernel of [await ownKernel(image, folder), await obtainKernel('6.99.0-own')]) {
      console.log(await buildInitramfs(kernel, ['netconsole']));
    }`;
  const script = (warm: boolean) =>
    [process.execPath, '--input-type=module', '--eval', use(warm), image, folder] as const;
  const cold = await finished(script(true), env);
  expect(cold.stderr).toContain('zx was loaded');
  const built = await finished(script(false), env);
  const warm = await finished(script(true), { ...env, PATH: '/nonexistent' });
  expect(warm).toEqual({ code: 0, stderr: '', stdout: built.stdout });
});
