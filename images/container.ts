import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import { contentHash } from '../harness/host/store.ts';
import { WORK, type Workshop } from './lab-compile.ts';

const REPOSITORY = 'crashlab-build-root';
/** An engine leaves the owner of a folder that is there: nobody gets one of his own. */
const FOLDER = 'lab';
const PLACE = `${WORK}/${FOLDER}`;
/** Nobody, as an image without /etc/passwd knows him. */
const NOBODY = 65534;
const MEMORY_BYTES = 2 ** 31;
const PROCESSES = 256;

/**
 * Runs a build's script in a container of that root: no network, no capabilities, nobody's rights. The sources go in
 * and the results come out as archives, so that an engine on another host will do.
 */
export async function containerWorkshop(
  obtainRoot: () => Promise<string>,
  work: string,
): Promise<Workshop | { why: string }> {
  const engine = await openEngine();
  if ('why' in engine) return engine;
  const root = await obtainRoot();
  return {
    name: 'a container of the kernel’s suite',
    work: PLACE,
    async run(script, signal) {
      const image = await obtainImage(engine, root);
      const container = await engine.createContainer(specification(image, script));
      // A container that is removed has ended.
      const stop = () => void container.remove({ force: true }).catch(() => undefined);
      signal?.addEventListener('abort', stop, { once: true });
      try {
        await container.putArchive(pack(work, NOBODY, FOLDER), { path: WORK });
        await container.start();
        const { StatusCode: status } = await container.wait();
        const output = await container.logs({ stdout: true, stderr: true });
        if (status === 0) await unpack(await container.getArchive({ path: `${PLACE}/.` }), work);
        return { status, output: output.toString('utf8').replaceAll('\r\n', '\n') };
      } finally {
        signal?.removeEventListener('abort', stop);
        await container.remove({ force: true }).catch(() => undefined);
      }
    },
  };
}

function specification(image: string, script: string): object {
  return {
    Image: image,
    Cmd: ['/bin/sh', '-c', script],
    Env: ['PATH=/usr/sbin:/usr/bin', `TMPDIR=${PLACE}`, 'LC_ALL=C'],
    User: `${NOBODY}:${NOBODY}`,
    WorkingDir: '/',
    // Otherwise the engine multiplexes both outputs with headers of its own.
    Tty: true,
    Labels: { crashlab: 'build' },
    HostConfig: {
      NetworkMode: 'none',
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Memory: MEMORY_BYTES,
      PidsLimit: PROCESSES,
    },
  };
}

/** The engine that docker's own program would talk to, where one answers. */
async function openEngine(): Promise<Docker | { why: string }> {
  const silent = { why: 'no Docker engine answers' };
  const named = process.env['DOCKER_HOST'];
  // To import dockerode takes 0.4 s: not where there is nobody to talk to.
  const socket = named === undefined ? '/var/run/docker.sock' : /^unix:\/\/(.+)$/.exec(named)?.[1];
  if (socket !== undefined && !(await isThere(socket))) return silent;
  try {
    const { default: Engine } = await import('dockerode');
    const engine = new Engine();
    await engine.ping();
    return engine;
  } catch (error) {
    return { why: `${silent.why} (${error instanceof Error ? error.message : String(error)})` };
  }
}

/** An image that is nothing but the root, made once. */
async function obtainImage(engine: Docker, root: string): Promise<string> {
  // Entries of the cache don't change: their names say what is in them.
  const tag = contentHash(path.basename(path.dirname(root)));
  const name = `${REPOSITORY}:${tag}`;
  const there = await engine
    .getImage(name)
    .inspect()
    .then(
      () => true,
      () => false,
    );
  if (!there) {
    const progress = await engine.importImage(pack(root, 0), { repo: REPOSITORY, tag });
    await new Promise<void>((resolve, reject) => {
      engine.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
    });
  }
  return name;
}

/** A folder's content, owned by a user of this number, below `name`. */
function pack(folder: string, owner: number, name = '.'): Readable {
  const owners = [`--owner=${owner}`, `--group=${owner}`, '--numeric-owner'];
  const renamed = ['--transform', `flags=r;s,^[.],${name},`];
  const tar = spawn('tar', ['-C', folder, ...owners, ...renamed, '-c', '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  tar.once('error', (error) => tar.stdout.destroy(error));
  return tar.stdout;
}

async function unpack(archive: NodeJS.ReadableStream, folder: string): Promise<void> {
  const tar = spawn('tar', ['-C', folder, '-x', '--no-same-owner'], { stdio: ['pipe', 'ignore', 'inherit'] });
  const input: Writable = tar.stdin;
  await Promise.all([pipeline(archive, input), once(tar, 'close')]);
}

const isThere = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );
