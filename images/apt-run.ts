import { readdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { hostError } from '../harness/host/failure.ts';
import type { AptRoot } from './apt.ts';
import { errnoIn, lineOf, openShell } from './shell.ts';

/** apt's own time limits add up over suites, addresses and retries, to minutes; a network this quiet is dead. */
const STALLED_MS = 25_000;
/** On a full disk apt waits for ever; with less than this there is no use in going on. */
const FULL_BYTES = 256 * 1024;
const LOOK_MS = 500;

export interface AptResult {
  ended: 'well' | 'badly' | 'stalled' | 'full';
  stdout: string;
  stderr: string;
  /** Why it failed, in a line. */
  reason: string;
  /** Where this host is to blame, e.g. ENOSPC; otherwise empty. */
  errno: string;
}

/** Runs apt-get in a root, and ends it when the disk is full or nothing more comes to the folder it downloads to. */
export async function runApt(
  root: AptRoot,
  list: string[],
  options: { watch: string; cwd?: string; signal?: AbortSignal | undefined },
): Promise<AptResult> {
  const { cwd, signal } = options;
  const shell = await openShell(cwd === undefined ? {} : { cwd });
  signal?.throwIfAborted();
  const apt = shell`exec apt-get -c ${root.configuration} ${list}`;
  const end = () => {
    if (apt.child?.exitCode === null) apt.child.kill('SIGTERM');
  };
  signal?.addEventListener('abort', end, { once: true });
  using watch = watchFolder(options.watch, end);
  const { exitCode, stdout, stderr } = await apt;
  signal?.removeEventListener('abort', end);
  signal?.throwIfAborted();
  const said = { stdout, stderr };
  if (watch.trouble === 'full')
    return { ended: 'full', ...said, reason: 'the disk is full', errno: 'ENOSPC' };
  if (watch.trouble === 'stalled') return { ended: 'stalled', ...said, reason: QUIET, errno: '' };
  const errno = exitCode === 0 ? '' : errnoIn(stdout + stderr);
  const reason = (errno && lineOf(stderr + stdout, errno)) || reasonIn(stdout, stderr, exitCode);
  return { ended: exitCode === 0 ? 'well' : 'badly', ...said, reason, errno };
}

/** The error behind a result that has an `errno`. */
export const hostFailure = ({ reason, errno }: AptResult, doing: string) =>
  hostError(Object.assign(new Error(reason), { code: errno }), doing);

const QUIET = `nothing came from the mirror for ${STALLED_MS / 1000} s`;

function reasonIn(stdout: string, stderr: string, exitCode: number | null): string {
  const lines = `${stderr}\n${stdout}`.split('\n');
  const found =
    lines.find((line) => line.startsWith('E: ')) ?? lines.find((line) => /^(?:W|Err\S*): ?/.test(line));
  return found?.replace(/^E: /, '').replaceAll(/\s+/g, ' ').trim() ?? `apt-get ended with ${exitCode}`;
}

interface Watch extends Disposable {
  trouble: 'stalled' | 'full' | null;
}

function watchFolder(folder: string, onTrouble: () => void): Watch {
  let before = '';
  let grewMs = performance.now();
  const look = async () => {
    const [now, freeBytes] = [await sizesBelow(folder), await freeBytesAt(folder)];
    if (now !== before) grewMs = performance.now();
    before = now;
    if (watch.trouble) return;
    if (freeBytes < FULL_BYTES) watch.trouble = 'full';
    else if (performance.now() - grewMs > STALLED_MS) watch.trouble = 'stalled';
    if (watch.trouble) onTrouble();
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  const watch: Watch = { trouble: null, [Symbol.dispose]: () => clearInterval(timer) };
  return watch;
}

async function freeBytesAt(folder: string): Promise<number> {
  return statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Infinity,
  );
}

async function sizesBelow(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = names.map(async (name) => {
    const found = await stat(path.join(folder, name)).catch(() => null);
    return found?.isFile() ? `${name} ${found.size} ${found.mtimeMs}` : '';
  });
  return (await Promise.all(sizes)).join('\n');
}
