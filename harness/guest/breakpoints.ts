import { CrashlabError } from '../host/error.ts';
import type { AtEntry, Change } from '../machine/cpu-code.ts';
import type { GdbStub } from '../machine/gdb.ts';
import type { Qemu } from '../machine/qemu.ts';
import { reasonOf } from './guest.ts';

/** A vCPU that came to a breakpoint. The guest stands until its {@link Handler} is done. */
export interface Hit extends AtEntry {
  /** Numbered from 1, as gdb does. */
  vcpu: number;
}

/** `pass`: the instruction at the breakpoint is run and the vCPU goes on; `moved`: it goes on from where it is now. */
export type Handler = (hit: Hit, standing: Standing) => Promise<'pass' | 'moved'>;

/** What can be done while the guest stands. */
export interface Standing {
  gdb: GdbStub;
  /** Gives what takes the breakpoint away again, the guest standing. Errors: BREAKPOINT_TAKEN. */
  set: (address: bigint, handler: Handler) => Promise<Clear>;
  apply: (hit: Hit, change: Change) => Promise<void>;
  /** Runs one instruction of this vCPU, whatever breakpoint is there, while all others stand. */
  stepOver: (hit: Hit) => Promise<void>;
}

/** Takes a breakpoint away, once; only while the guest stands. */
export type Clear = () => Promise<void>;

interface Job {
  run: () => Promise<void>;
  fail: (error: unknown) => void;
}

/**
 * The one owner of a guest's gdb stub: everybody who wants breakpoints sets them here, and each hit goes to whoever
 * set that one. It is attached as long as there are breakpoints, or work. Meanwhile QMP's `stop` and `cont` are its
 * own: a guest that was stopped stands between two hits, and no hit lets it go on.
 *
 * With several vCPUs more than one may come to a breakpoint at once. The stub names one of them, the others come
 * again as soon as the guest goes on; and a stop may be told twice. The program counter decides which it is.
 */
export class Breakpoints {
  private readonly qemu: Pick<Qemu, 'gdb' | 'qmp'>;
  private readonly options: { signal: AbortSignal; vcpus: number; pc: number };
  private readonly standing: Standing;
  private readonly handlers = new Map<bigint, Handler>();
  private jobs: Job[] = [];
  private serving = false;
  private held = false;
  private failure: unknown = null;
  private wake: () => void = () => undefined;

  /** `pc` is the number of the program counter's register. */
  constructor(qemu: Pick<Qemu, 'gdb' | 'qmp'>, options: { signal: AbortSignal; vcpus: number; pc: number }) {
    this.qemu = qemu;
    this.options = options;
    const { gdb } = qemu;
    this.standing = {
      gdb,
      set: async (address, handler) => {
        if (this.handlers.has(address)) throw taken(address);
        await gdb.setBreakpoint(address);
        this.handlers.set(address, handler);
        return async () => {
          if (this.handlers.get(address) !== handler) return;
          this.handlers.delete(address);
          await gdb.clearBreakpoint(address);
        };
      },
      apply: async ({ vcpu }, { registers, memory = [] }) => {
        for (const [address, bytes] of memory) await gdb.writeMemory(address, bytes);
        // The order to go on may follow at once: this answer is not waited for.
        gdb.writeRegisters(vcpu, registers).catch((error: unknown) => {
          this.failure ??= error;
          this.wake();
        });
      },
      stepOver: (hit) => this.stepOver(hit),
    };
    options.signal.addEventListener('abort', () => this.wake(), { once: true });
  }

  /**
   * Stops the guest, does the work, and lets it go on, unless it was stopped before. Not for a handler, which has
   * its {@link Standing} already. Errors: those of the work, QEMU's end.
   */
  halted<T>(work: (standing: Standing) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.jobs.push({ run: () => work(this.standing).then(resolve, reject), fail: reject });
      this.wake();
      if (!this.serving) void this.serve();
    });
  }

  private async serve(): Promise<void> {
    const { gdb, qmp } = this.qemu;
    this.serving = true;
    qmp.runControl = {
      stop: () =>
        this.halted(async () => {
          this.held = true;
        }),
      cont: () =>
        this.halted(async () => {
          this.held = false;
        }),
    };
    try {
      await gdb.halt();
      while (await this.workDone()) {
        if (this.held) await this.woken();
        else await this.runOnce();
      }
    } catch (error) {
      this.failure = error;
      // It must not stand for ever because of us.
      if (!this.held) await gdb.detach().catch(() => undefined);
    }
    qmp.runControl = null;
    this.serving = false;
    for (const job of this.jobs.splice(0)) job.fail(this.failure);
  }

  /** Does all work there is; false, and the guest left alone, when nobody wants anything of it any more. */
  private async workDone(): Promise<boolean> {
    for (;;) {
      if (this.options.signal.aborted) throw reasonOf(this.options.signal);
      if (this.failure !== null) throw this.failure;
      const job = this.jobs.shift();
      if (job) await job.run();
      else if (this.handlers.size > 0 || this.held) return true;
      else {
        await this.qemu.gdb.detach();
        if (this.jobs.length === 0) return false;
        await this.qemu.gdb.halt();
      }
    }
  }

  private async runOnce(): Promise<void> {
    const { gdb } = this.qemu;
    const interrupted = new AbortController();
    this.wake = () => interrupted.abort();
    if (!this.idle()) return;
    const stop = await gdb.runUntilStop(interrupted.signal);
    if (stop === null) await gdb.halt();
    // It reset or powered off: there is nothing more to run.
    else if (!stop.trapped) this.held = true;
    else await this.meet(stop.vcpu);
  }

  private woken(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      if (!this.idle()) resolve();
    });
  }

  private idle(): boolean {
    return this.jobs.length === 0 && this.failure === null && !this.options.signal.aborted;
  }

  private async meet(vcpu: number): Promise<void> {
    const { gdb } = this.qemu;
    const [only] = this.handlers.keys();
    const alone = this.options.vcpus === 1 && this.handlers.size === 1;
    const address = alone && only !== undefined ? only : await gdb.readRegister(this.options.pc, vcpu);
    const handler = this.handlers.get(address);
    if (!handler) return;
    const hit: Hit = {
      vcpu,
      address,
      register: (number) => gdb.readRegister(number, vcpu),
      memory: (from, length) => gdb.readMemory(from, length),
    };
    const next = await handler(hit, this.standing);
    if (next === 'pass' && this.handlers.has(address)) await this.stepOver(hit);
  }

  private async stepOver({ vcpu, address, register }: Hit): Promise<void> {
    const { gdb } = this.qemu;
    const { signal, pc } = this.options;
    const handler = this.handlers.get(address);
    if (handler) await gdb.clearBreakpoint(address);
    do {
      const stop = await gdb.step(vcpu, signal);
      if (stop === null) throw reasonOf(signal);
    } while ((await register(pc)) === address);
    if (handler) await gdb.setBreakpoint(address);
  }
}

function taken(address: bigint): CrashlabError {
  return new CrashlabError(
    'usage',
    'BREAKPOINT_TAKEN',
    `Something is already waiting at 0x${address.toString(16)}: one function can’t crash and fail, or fail twice, at once.`,
    { advice: 'Stop the first (failCalls gives a stop()), or choose another function.' },
  );
}
