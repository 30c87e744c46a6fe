import type { Change } from '../machine/cpu-code.ts';
import type { Clear, Handler } from './breakpoints.ts';
import type { Guest } from './guest.ts';
import type { KernelView } from './kernel-view.ts';

/** A function, or several: each by its name, or by the names of which the first that this kernel has is taken. */
export type FailingTargets = string | readonly (string | readonly string[])[];

export interface FailOptions {
  /** What the calls return, of the register's width: an error as a negative number; 0, which is NULL, by default. */
  return?: number | bigint;
  /** After so many failed calls, of all functions together, it ends by itself; Infinity by default. */
  times?: number;
}

/** Calls that fail, until it is stopped. */
export interface FailedCalls extends AsyncDisposable {
  /** How many have failed so far, of all functions together. */
  readonly calls: number;
  /** From then on the functions do what they did; the guest runs on. */
  stop: () => Promise<void>;
}

/**
 * Lets every call of these functions return at once, on every vCPU and in the background; all targets fail.
 *
 * Others that need breakpoints may have them meanwhile, on other functions ({@link crashAt}), and a guest that is
 * stopped through QMP stands until it is continued: guest.breakpoints is the stub's one owner.
 *
 * Each call stops all vCPUs for a moment and costs QEMU all its translated code: 4.5 to 6.3 ms a call, with one vCPU
 * and with two, measured under software emulation on a loaded host of two cores (1000 writes to /dev/null).
 * Errors: NO_SYMBOL, SYMBOL_AMBIGUOUS, NO_RETURN, BREAKPOINT_TAKEN.
 */
export async function failCalls(
  guest: Guest,
  kernel: KernelView,
  targets: FailingTargets,
  options: FailOptions = {},
): Promise<FailedCalls> {
  const { times = Number.POSITIVE_INFINITY } = options;
  const value = BigInt(options.return ?? 0);
  const { breakpoints, signal } = guest;
  const { code } = guest.specification.architecture;
  const names = [targets].flat().map((target) => [target].flat());
  const found = await Promise.all(names.map((alternatives) => kernel.resolve(guest.memory, alternatives)));
  const addresses = [...new Set(found)];
  const known = new Map<bigint, Change>();
  let calls = 0;

  const breakpointsSet: Clear[] = [];
  const clearAll = async () => {
    for (const clear of breakpointsSet) await clear();
  };
  const fail: Handler = async (hit, standing) => {
    const change = known.get(hit.address) ?? (await code.leave(hit, value));
    if (change.constant) known.set(hit.address, change);
    await standing.apply(hit, change);
    calls += 1;
    if (calls >= times) await clearAll();
    return 'moved';
  };
  await breakpoints.halted(async ({ set }) => {
    try {
      for (const address of addresses) breakpointsSet.push(await set(address, fail));
    } catch (error) {
      await clearAll();
      throw error;
    }
  });
  const stop = async () => {
    // Of a guest that is gone there is nothing to take back.
    if (!signal.aborted) await breakpoints.halted(clearAll);
  };
  return {
    get calls() {
      return calls;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
