import { readdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { cacheRoot } from '../../harness/host/paths.ts';
import { sha256 } from '../../harness/host/store.ts';
import { obtainKernel } from '../../images/kernel.ts';
import { obtainLabModule } from '../../images/lab-module.ts';
import { describeLabModule } from './lab-module.ts';
import { runJson, temporaryFolder } from './crashlab.ts';

describeLabModule('debian:6.12', 'trixie');
describeLabModule('debian:7', 'sid');

// Debian's makefiles of the two name the cross compiler in different ways.
test.each(['debian:6.1@bookworm', 'debian:6.12@trixie'])(
  'one for arm64 is made by a cross compiler, and guests of %s die of it',
  { timeout: 600_000 },
  async (kernel) => {
    const names = ['dies-of-null', 'dies-of-stack-overflow', 'hang-soft', 'oom-exhausted-32'];
    const { runs, exit } = await runJson([...names, '--kernel', kernel, '--arch', 'arm64', '--panic', '0']);
    for (const run of runs) {
      expect(run).toMatchObject({ outcome: 'verdict', differences: [], cell: { arch: 'arm64' } });
    }
    expect(runs).toHaveLength(names.length);
    expect(exit).toBe(0);
  },
);

test('two that build at once both end with the same whole module', { timeout: 600_000 }, async () => {
  const kernel = await obtainKernel('debian:6.1@bookworm');
  const known = await obtainLabModule(kernel);
  const empty = await temporaryFolder();
  for (const shelf of ['headers', 'build-roots']) {
    await symlink(path.join(cacheRoot(), shelf), path.join(empty, shelf));
  }
  vi.stubEnv('CRASHLAB_CACHE', empty);
  try {
    const [one, other] = await Promise.all([obtainLabModule(kernel), obtainLabModule(kernel)]);
    expect(one).toEqual(other);
    if (!('file' in one && 'file' in known)) throw new Error('it was built before');
    expect(sha256(await readFile(one.file))).toBe(sha256(await readFile(known.file)));
    expect(await readdir(path.join(empty, 'lab-modules'))).toHaveLength(1);
  } finally {
    vi.unstubAllEnvs();
  }
});
