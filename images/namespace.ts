import { isThere } from '../harness/host/programs.ts';
import { WORK, type Workshop } from './lab-compile.ts';
import { openShell } from './shell.ts';

/** Namespaces of a user who is root only there; else, for root itself, mounts of its own. */
const WAYS = [
  ['--user', '--map-root-user', '--mount', '--net'],
  ['--mount', '--net'],
];

/** Runs a build's script in a root that was unpacked on this host, without a network. */
export async function namespaceWorkshop(
  obtainRoot: () => Promise<string>,
  work: string,
): Promise<Workshop | { why: string }> {
  const way = await firstAllowed();
  if (way === null) return { why: 'this host lets nobody make user namespaces' };
  const root = await obtainRoot();
  return {
    name: 'a root of the kernel’s suite',
    work: WORK,
    async run(script, signal) {
      const inside = `export PATH=/usr/sbin:/usr/bin TMPDIR=${WORK} LC_ALL=C; ${script}`;
      const shell = await openShell();
      const running = shell`exec unshare ${way} --pid --fork --kill-child sh -c ${ENTER} sh ${root} ${work} ${inside} ${WORK}`;
      const stop = () => void running.kill('SIGTERM');
      signal?.addEventListener('abort', stop, { once: true });
      const { exitCode, stdout, stderr } = await running;
      signal?.removeEventListener('abort', stop);
      return { status: exitCode, output: stdout + stderr };
    },
  };
}

/** $1 the root, $2 the folder of the sources, $3 the script, $4 where it finds them. */
const ENTER =
  'mount --bind "$2" "$1$4" && mount --bind /dev/null "$1/dev/null" && { mount -t proc proc "$1/proc" 2>/dev/null || mount --rbind /proc "$1/proc"; } && exec chroot "$1" /bin/sh -c "$3"';

async function firstAllowed(): Promise<string[] | null> {
  if (!(await isThere('unshare'))) return null;
  const shell = await openShell();
  for (const way of WAYS) {
    // Some hosts give the namespace, and then refuse what it is for.
    if ((await shell`unshare ${way} mount --bind /dev/null /dev/null`).exitCode === 0) return way;
  }
  return null;
}
