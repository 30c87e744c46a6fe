import { readdirSync, readFileSync } from 'node:fs';

/** When something last came from the guest, on any channel; lets others wait for silence or for a word. */
export class Activity {
  /** Counts events. */
  count = 0;
  /** Milliseconds, performance.now(). */
  lastMs = performance.now();
  private wake = new Set<() => void>();

  readonly happened = (): void => {
    this.count += 1;
    this.lastMs = performance.now();
    const { wake } = this;
    this.wake = new Set();
    for (const one of wake) one();
  };

  /** Resolves at the next event, after `ms`, or when `signal` aborts, whichever is first; true for an event. */
  next(ms: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (happened: boolean) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', late);
        resolve(happened);
      };
      const late = () => {
        this.wake.delete(wake);
        finish(false);
      };
      const wake = () => finish(true);
      const timer = setTimeout(late, ms);
      this.wake.add(wake);
      signal?.addEventListener('abort', late, { once: true });
      if (signal?.aborted) late();
    });
  }
}

/**
 * CPU seconds a process has used, user and system; 0 when it is gone. proc(5), fields 14 and 15 of stat. Files of
 * /proc are read at once: there is no disk to wait for, and a thread pool costs ten times as much.
 */
export function cpuSeconds(pid: number): number {
  const stat = readOr(`/proc/${pid}/stat`, '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const TICKS_PER_SECOND = 100;
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}

/**
 * Milliseconds that the threads of a process have waited for a CPU of this host, or null where the kernel
 * doesn't say. Linux Documentation/scheduler/sched-stats.rst, second field of schedstat.
 */
export function waitedForCpuMs(pid: number): number | null {
  const folder = `/proc/${pid}/task`;
  const waits = threadsIn(folder).map((thread) => {
    const text = readOr(`${folder}/${thread}/schedstat`, '');
    return Number(text.split(' ')[1] ?? Number.NaN) / 1e6;
  });
  const known = waits.filter((ms) => !Number.isNaN(ms));
  return known.length === 0 ? null : known.reduce((sum, ms) => sum + ms, 0);
}

function threadsIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return otherwise;
  }
}
