import { execa } from 'execa';
import PQueue from 'p-queue';
import { safe } from '../printk/safe.ts';

/** Reports that wait for their turn; a machine that crashes faster than the command runs gets no more of them. */
const MOST_WAITING = 100;
/** A command that hangs must not keep the others from theirs. */
const AT_ONCE = 4;
const LIMITS: Limits = { runMs: 600_000, endMs: 10_000, dieMs: 2000 };

interface Limits {
  /** For one report, in milliseconds. */
  runMs: number;
  /** For all that still run when nothing more comes. */
  endMs: number;
  /** From SIGTERM to SIGKILL. */
  dieMs: number;
}

/** The command that is run for each crash report, four at once. */
export class OnCrash {
  readonly #words: readonly string[];
  readonly #say: (text: string) => Promise<void>;
  readonly #limits: Limits;
  readonly #queue = new PQueue({ concurrency: AT_ONCE });
  /** By their process numbers. */
  readonly #running = new Map<number, string>();

  /** `command` and its arguments are divided by blanks; no shell has a part in it. */
  constructor(command: string, say: (text: string) => Promise<void>, limits: Limits = LIMITS) {
    this.#words = command.split(/\s+/).filter((word) => word !== '');
    this.#say = say;
    this.#limits = limits;
  }

  /** The file is its last argument. */
  run(file: string): void {
    if (this.#queue.size >= MOST_WAITING) {
      void this.#say(`${this.#name} is not run for ${safe(file)}: ${MOST_WAITING} reports wait for it.\n`);
      return;
    }
    void this.#queue.add(() => this.#run(file));
  }

  /** Resolves when all are done, or have been ended since they took too long. */
  async finish(): Promise<void> {
    const { endMs, dieMs } = this.#limits;
    const timers = new Set<NodeJS.Timeout>();
    const after = (ms: number) => new Promise<void>((resolve) => timers.add(setTimeout(resolve, ms)));
    const idle = this.#queue.onIdle();
    const late = after(endMs).then(() => this.#endAll());
    // The kernel may keep a process beyond its end.
    await Promise.race([idle, Promise.all([late, after(endMs + 2 * dieMs)])]);
    for (const timer of timers) clearTimeout(timer);
  }

  async #endAll(): Promise<void> {
    const { size } = this.#queue;
    this.#queue.clear();
    for (const [pid, file] of this.#running) this.#end(pid, file, this.#limits.endMs);
    const reports = size === 1 ? '1 report that waited' : `${size} reports that waited`;
    if (size > 0) await this.#say(`${this.#name} is not run for ${reports}.\n`);
  }

  get #name(): string {
    return safe(this.#words.join(' '));
  }

  async #run(file: string): Promise<void> {
    const [program = '', ...list] = this.#words;
    // In a group of its own, so that what it has started ends with it.
    const options = {
      reject: false,
      detached: true,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'ignore',
    } as const;
    const running = execa(program, [...list, file], options);
    const { pid } = running;
    if (pid !== undefined) this.#running.set(pid, file);
    const { runMs } = this.#limits;
    const timer = setTimeout(() => pid !== undefined && this.#end(pid, file, runMs), runMs);
    const { failed, exitCode, originalMessage = '', isTerminated, signal = '' } = await running;
    clearTimeout(timer);
    if (pid !== undefined) this.#running.delete(pid);
    const how = isTerminated ? `ended by ${signal}` : safe(originalMessage);
    const why = exitCode === undefined ? how : `exit code ${exitCode}`;
    if (failed) await this.#say(`${this.#name} failed for ${safe(file)}: ${why}\n`);
  }

  #end(pid: number, file: string, afterMs: number): void {
    void this.#say(`${this.#name} still runs for ${safe(file)} after ${afterMs / 1000} s: it is ended.\n`);
    signalGroup(pid, 'SIGTERM');
    setTimeout(() => signalGroup(pid, 'SIGKILL'), this.#limits.dieMs).unref();
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
