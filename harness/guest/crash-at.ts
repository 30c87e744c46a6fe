import { CrashlabError } from '../host/error.ts';
import { type Aftermath, type CrashKind, prepareCrash } from './crash-kinds.ts';
import { renderName } from '../symbols/find.ts';
import type { Guest } from './guest.ts';
import type { KernelView } from './kernel-view.ts';
import { OpenPromise, within } from './settling.ts';

/** Where a fatal report ends: Linux kernel/panic.c. */
const PANIC = ['panic'];
/**
 * Where the kernel gives up a task that oopsed and lives on: arch/x86/entry/entry_64.S and kernel/exit.c, by the
 * names they have had since Linux 5.17, and before.
 */
const TASK_DEAD = ['rewind_stack_and_make_dead', 'make_task_dead', 'rewind_stack_do_exit', 'do_exit'];
/** A report is printed in well under a second; one that ends nowhere is left to itself after this. */
const REPORT_MS = 5000;

export interface CrashOptions {
  /** Default: `illegal-instruction`. */
  how?: CrashKind;
  /** Which of the calls that count crashes, from 1; default: the first. */
  after?: number;
  /** Only calls on this vCPU count, from 0 as the kernel numbers them. */
  cpu?: number;
  /** How long that call is waited for. */
  waitMs: number;
  /** Called when the trap is set: provokes the call. */
  meanwhile?: () => void;
  /** Functions whose call ends the report, instead of panic() and the end of a task. */
  restoreAt?: string[];
}

/** The call that crashed: the proof that there was one. */
export interface CrashProof {
  /** From 0, as the kernel numbers them. */
  vcpu: number;
  /** The calls that counted, up to the one that crashed. */
  hits: number;
  address: bigint;
}

/**
 * Crashes a vCPU where it enters a function: the first of `names` that this kernel has. Calls that don't count go
 * on as if nothing were there. When it resolves the guest runs, alone: with `illegal-instruction` the report is
 * over, whether the kernel lives on or not, and the function is as it was; `hang` and `spin` leave a jump to itself
 * in the guest's memory, as long as it lives: behind one of the function's returns, where only this vCPU is, or in
 * place where the function has no such gap or there is only one vCPU to hang.
 *
 * Works while {@link failCalls} is active, on other functions. A function that is not called in time is no crash,
 * and nothing of it is left in the guest. Errors: TRIGGER_MISSED, NO_SYMBOL, SYMBOL_AMBIGUOUS, NO_SUCH_CPU,
 * NO_CRASH_KIND, BREAKPOINT_TAKEN.
 */
export async function crashAt(
  guest: Guest,
  kernel: KernelView,
  names: readonly string[],
  options: CrashOptions,
): Promise<CrashProof> {
  const { how = 'illegal-instruction', after = 1, cpu, waitMs, meanwhile, restoreAt } = options;
  if (cpu !== undefined && cpu >= guest.specification.vcpus) throw noSuchCpu(cpu, guest);
  const symbol = await kernel.locate(guest.memory, names);
  const { address } = symbol;
  const ends = restoreAt ? [restoreAt] : [PANIC, TASK_DEAD];
  const crash = await prepareCrash(guest, kernel, {
    how,
    name: renderName(symbol),
    address,
    ends: await Promise.all(ends.map((end) => kernel.resolve(guest.memory, end))),
  });
  const { breakpoints } = guest;
  let hits = 0;
  const called = new OpenPromise<{ proof: CrashProof; aftermath: Aftermath | null }>();
  const clear = await breakpoints.halted(({ set }) =>
    set(address, async (hit, standing) => {
      if (cpu !== undefined && hit.vcpu !== cpu + 1) return 'pass';
      hits += 1;
      if (hits < after) return 'pass';
      await clear();
      try {
        const aftermath = await crash(hit, standing);
        called.resolve({ proof: { vcpu: hit.vcpu - 1, hits, address }, aftermath });
      } catch (error) {
        called.reject(error);
      }
      return 'moved';
    }),
  );
  meanwhile?.();
  if (!(await within(called.promise, waitMs, guest.signal))) {
    await breakpoints.halted(clear);
    // It may have been called at the last moment: then it crashed.
    if (!called.settled) throw neverCalled(names, { waitMs, hits, after });
  }
  const { proof, aftermath } = await called.promise;
  if (aftermath && !(await within(aftermath.over, REPORT_MS, guest.signal))) {
    await breakpoints.halted(aftermath.undo);
  }
  return proof;
}

function neverCalled(
  names: readonly string[],
  { waitMs, hits, after }: { waitMs: number; hits: number; after: number },
): CrashlabError {
  const often = hits === 0 ? 'not called' : `called only ${hits} of ${after} times`;
  return new CrashlabError(
    'guest',
    'TRIGGER_MISSED',
    `${names.join(' / ')} was ${often} within ${waitMs / 1000} s: the guest never crashed.`,
  );
}

function noSuchCpu(cpu: number, guest: Guest): CrashlabError {
  const { vcpus } = guest.specification;
  return new CrashlabError('usage', 'NO_SUCH_CPU', `The guest has no vCPU ${cpu}: it has ${vcpus}, from 0.`);
}
