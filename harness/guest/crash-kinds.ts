import { CrashlabError } from '../host/error.ts';
import { nearest } from '../host/nearest.ts';
import type { Change } from '../machine/cpu-code.ts';
import type { Clear, Hit, Standing } from './breakpoints.ts';
import type { Guest } from './guest.ts';
import type { KernelView } from './kernel-view.ts';
import { OpenPromise } from './settling.ts';

const CRASH_KINDS = [
  /** An exception in place: an oops that names the function. */
  'illegal-instruction',
  /** The function calls address 0: an oops with the function as its caller. */
  'null-jump',
  /** The function calls panic("crashlab: panic at NAME"). */
  'panic',
  /** The vCPU spins in the function for ever, its interrupts off. */
  'hang',
  /** As `hang`, its interrupts as they were. */
  'spin',
] as const;

/** How a vCPU dies at a function's first instruction; all of them leave program counter and call trace true. */
export type CrashKind = (typeof CRASH_KINDS)[number];

/** What is to be undone when the report is over. */
export interface Aftermath {
  over: Promise<void>;
  undo: () => Promise<void>;
}

/** Kills the vCPU that was hit; gives what is left behind, if anything. The breakpoint there is gone already. */
export type Crash = (hit: Hit, standing: Standing) => Promise<Aftermath | null>;

/** panic() itself, and what it is to say; Linux kernel/panic.c. */
const PANIC = ['panic'];
/** So much of a function is looked at. */
const TEXT = 4096;

/** Looks up what the crash needs while the guest still runs. `ends` are the addresses where a report is over. */
export async function prepareCrash(
  guest: Guest,
  kernel: KernelView,
  { how, name, address, ends }: { how: CrashKind; name: string; address: bigint; ends: bigint[] },
): Promise<Crash> {
  if (!CRASH_KINDS.includes(how)) throw noCrashKind(how);
  const { code } = guest.specification.architecture;
  if (how === 'illegal-instruction') {
    return (hit, standing) => illegalInstruction(hit, standing, code.illegalInstruction, ends);
  }
  if (how === 'null-jump') return changed((hit) => code.call(hit, 0n));
  if (how === 'panic') {
    const panic = await kernel.resolve(guest.memory, PANIC);
    return changed((hit) => code.call(hit, panic, `crashlab: panic at ${name}`));
  }
  const length = await kernel.functionLength(guest.memory, address, TEXT);
  // Where nobody else runs, the first instruction is the truest place.
  const inPlace = how === 'hang' && guest.specification.vcpus === 1;
  return changed(async (hit) => {
    const unused = inPlace ? null : code.unusedPlace(await hit.memory(address, length));
    const place = address + BigInt(unused ?? 0);
    const { registers } = await code.jump(hit, place, { interrupts: how === 'spin' });
    return { registers, memory: [[place, code.spin]] };
  });
}

/** Of a scenario that no compiler has seen. */
function noCrashKind(how: string): CrashlabError {
  const near = nearest(how, CRASH_KINDS);
  return new CrashlabError('usage', 'NO_CRASH_KIND', `There is no crash of the kind "${how}".`, {
    advice: near ? `Did you mean ${near}?` : `There are ${CRASH_KINDS.join(', ')}.`,
  });
}

/** A crash that leaves nothing to be undone. */
function changed(change: (hit: Hit) => Promise<Change>): Crash {
  return async (hit, standing) => {
    await standing.apply(hit, await change(hit));
    return null;
  };
}

/**
 * The vCPU takes the exception while all others stand. The instruction stays until the report has shown it; who
 * comes by meanwhile, the dying vCPU itself among them, runs what was there before.
 */
async function illegalInstruction(
  hit: Hit,
  standing: Standing,
  instruction: Uint8Array,
  ends: bigint[],
): Promise<Aftermath> {
  const { address } = hit;
  const original = await hit.memory(address, instruction.length);
  const write = (bytes: Uint8Array) => standing.gdb.writeMemory(address, bytes);
  await write(instruction);
  await standing.stepOver(hit);
  const over = new OpenPromise<void>();
  const breakpoints: Clear[] = [];
  const undo = async () => {
    for (const clear of breakpoints) await clear();
    await write(original);
    over.resolve();
  };
  breakpoints.push(
    await standing.set(address, async (other) => {
      await write(original);
      await standing.stepOver(other);
      await write(instruction);
      return 'moved';
    }),
  );
  for (const end of ends.filter((one) => one !== address)) {
    breakpoints.push(
      await standing.set(end, async () => {
        await undo();
        return 'moved';
      }),
    );
  }
  return { over: over.promise, undo };
}
