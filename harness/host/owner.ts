import { createHash } from 'node:crypto';
import { readFile, readlink, stat } from 'node:fs/promises';

/** Of something whose owner can't be seen from here: a container or another host that shares the disk. */
const OUT_OF_SIGHT_MS = 24 * 3600 * 1000;

/** What {@link ownMark} gives, as a part of a regular expression. */
export const MARK = String.raw`\d+-\d+-[0-9a-f]{8}`;

/** `PID-START-PLACE`: names this process in what it leaves on a disk, so that others can tell if it still runs. */
export async function ownMark(): Promise<string> {
  const { startTime } = (await processState(process.pid)) ?? { startTime: '0' };
  return `${process.pid}-${startTime}-${await thisPlace()}`;
}

/** Whether the process that marked a file or folder has ended; of another place, when nobody touched it for a day. */
export async function isAbandoned(file: string, mark: string): Promise<boolean> {
  const [pid, startTime, place] = mark.split('-');
  if (place !== (await thisPlace())) {
    const touchedMs = await stat(file).then(
      (found) => found.mtimeMs,
      () => Date.now(),
    );
    return Date.now() - touchedMs > OUT_OF_SIGHT_MS;
  }
  const owner = await processState(Number(pid));
  // A number is given out again; number and start together are not.
  return owner === null || owner.startTime !== startTime;
}

/** Where process numbers mean the same: one boot of one kernel, one PID namespace. Eight hex digits. */
async function thisPlace(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => '');
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  return createHash('sha256').update(boot).update(namespace).digest('hex').slice(0, 8);
}

/** Whether a process runs, by its state in /proc: a zombie has ended, whatever `kill(pid, 0)` says. */
export async function isRunning(pid: number): Promise<boolean> {
  return (await processState(pid)) !== null;
}

/** Start in clock ticks since boot (proc(5), field 22 of stat), or null for a process that has ended. */
async function processState(pid: number): Promise<{ startTime: string } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null);
  if (text === null) return null;
  // The name in parentheses may hold anything; the fields count from behind it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? null : { startTime: fields[19] ?? '0' };
}
