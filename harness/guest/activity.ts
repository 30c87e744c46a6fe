import { readFile } from 'node:fs/promises';

/** When something last came from the guest, on any channel; lets others wait for silence or for a word. */
export class Activity {
  /** Counts events. */
  count = 0;
  /** Milliseconds, performance.now(). */
  lastMs = performance.now();
  private wake: (() => void)[] = [];

  readonly happened = (): void => {
    this.count += 1;
    this.lastMs = performance.now();
    for (const wake of this.wake.splice(0)) wake();
  };

  /** Resolves at the next event or after `ms`, whichever is first; true for an event. */
  next(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.wake = this.wake.filter((one) => one !== wake);
        resolve(false);
      }, ms);
      const wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.wake.push(wake);
    });
  }
}

/** CPU seconds a process has used, user and system; 0 when it is gone. proc(5), fields 14 and 15 of stat. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const TICKS_PER_SECOND = 100;
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}
