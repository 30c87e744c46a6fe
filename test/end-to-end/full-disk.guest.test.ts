import { describe, expect, test } from 'vitest';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { cacheRoot } from '../../harness/host/paths.ts';
import { asRoot, finished, rootOnly } from '../host/program.ts';
import { CLI, crashlab, temporaryFolder } from './crashlab.ts';

const RUN = ['run', 'sysrq-crash', '--panic', '0', '--jobs', '1', '--json'];

/** One run, in a mount namespace of its own in which `script` has mounted something on `$1`. */
async function runWith(script: string, place: string, env: NodeJS.ProcessEnv = {}) {
  const out = await temporaryFolder();
  const inside = `${script} && shift && exec "$@"`;
  const command = ['unshare', '--mount', 'sh', '-c', inside, 'sh', place];
  return finished([...command, process.execPath, CLI, ...RUN, '--out', out], env);
}

const fullDisk = { outcome: 'infrastructure', reason: { blame: 'host', code: 'DISK_FULL' } };

describe.skipIf(!asRoot)(`a disk that is full${rootOnly}`, { timeout: 120_000 }, () => {
  test('while a guest boots into its template is told as that, not as a QEMU somebody killed', async () => {
    await crashlab(['kernel', 'add', 'debian']);
    const templates = path.join(cacheRoot(), 'templates');
    await mkdir(templates, { recursive: true });
    const { stdout, code } = await runWith('mount -t tmpfs -o size=24m none "$1"', templates);
    const { runs } = JSON.parse(stdout) as { runs: unknown[] };
    expect(runs).toMatchObject([fullDisk]);
    expect(code).toBe(3);
  });

  test('while a guest’s memory is read is told as that, not as a guest that lies', async () => {
    const place = await temporaryFolder();
    const { stdout, code } = await runWith('mount -t tmpfs -o size=64k none "$1"', place, { TMPDIR: place });
    const { runs } = JSON.parse(stdout) as { runs: unknown[] };
    expect(runs).toMatchObject([fullDisk]);
    expect(code).toBe(3);
  });
});

test.skipIf(!asRoot)(
  `a cache that is read-only, whose templates QEMU won’t open, is the host’s and no bug of ours${rootOnly}`,
  { timeout: 120_000 },
  async () => {
    const out = await temporaryFolder();
    await crashlab([...RUN, '--out', out]);
    const readOnly = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"';
    const { stdout, code } = await runWith(readOnly, cacheRoot());
    const { runs } = JSON.parse(stdout) as { runs: unknown[] };
    const message = expect.stringContaining('Read-only file system') as string;
    expect(runs).toMatchObject([{ reason: { blame: 'host', code: 'TEMPLATE_BROKEN', message } }]);
    expect(code).toBe(3);
  },
);
