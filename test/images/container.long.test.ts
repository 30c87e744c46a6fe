import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { containerWorkshop } from '../../images/container.ts';

/** A Docker engine of our own needs its program and root; where they are not, nothing is tested, and that is said. */
const missing =
  process.getuid?.() !== 0
    ? 'it needs root'
    : ['dockerd', 'docker', '/bin/busybox'].find((program) => !isThere(program)) !== undefined
      ? 'Docker (docker.io) or busybox is not installed'
      : null;

function isThere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const left = () => execFileSync('docker', ['ps', '-aq'], { encoding: 'utf8' });

describe.skipIf(missing !== null)(`in a container${missing === null ? '' : `: ${missing}`}`, () => {
  let folder: string;
  let engine: ChildProcess;
  let root: string;
  let work: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'crashlab-docker-'));
    const socket = path.join(folder, 'socket');
    engine = spawn('dockerd', [
      ...['--host', `unix://${socket}`, '--bridge=none', '--iptables=false'],
      ...['--data-root', path.join(folder, 'data'), '--exec-root', path.join(folder, 'exec')],
      ...['--pidfile', path.join(folder, 'pid')],
    ]);
    for await (const line of createInterface({ input: engine.stderr ?? ([] as never) }))
      if (line.includes('API listen on')) break;
    engine.stderr?.resume();
    vi.stubEnv('DOCKER_HOST', `unix://${socket}`);
    root = path.join(folder, 'entry', 'root');
    await mkdir(path.join(root, 'bin'), { recursive: true });
    await mkdir(path.join(root, 'build'));
    await copyFile('/bin/busybox', path.join(root, 'bin', 'sh'));
    await symlink('bin', path.join(root, 'usr'));
    work = path.join(folder, 'work');
    await mkdir(work);
    await writeFile(path.join(work, 'source'), 'what is to be built');
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    engine.kill();
    await once(engine, 'exit');
    await rm(folder, { recursive: true, force: true });
  });

  async function run(script: string, signal?: AbortSignal) {
    const workshop = await containerWorkshop(async () => root, work);
    if ('why' in workshop) throw new Error(workshop.why);
    return workshop.run(script.replaceAll('WORK', workshop.work), signal);
  }

  test('sources go in, and what was built comes out', async () => {
    const { status } = await run('read words < WORK/source; echo "$words, built" > WORK/result');
    expect(status).toBe(0);
    expect(await readFile(path.join(work, 'result'), 'utf8')).toBe('what is to be built, built\n');
  });

  test('as nobody, without a network, and with what it said when it fails', async () => {
    const { status, output } = await run('busybox id -u; busybox ls /sys/class/net; echo no >&2; exit 7');
    expect([status, output]).toEqual([7, '65534\nlo\nno\n']);
  });

  test('one that is stopped leaves no container', async () => {
    const stop = new AbortController();
    const stopped = run('while :; do :; done', stop.signal);
    await vi.waitUntil(() => left() !== '', { timeout: 30_000 });
    stop.abort();
    await stopped.catch(() => undefined);
    expect(left()).toBe('');
  });

  test('where no engine answers that is why it can’t be', async () => {
    vi.stubEnv('DOCKER_HOST', `unix://${path.join(folder, 'nobody')}`);
    expect(await containerWorkshop(async () => root, work)).toEqual({ why: 'no Docker engine answers' });
  });
});
