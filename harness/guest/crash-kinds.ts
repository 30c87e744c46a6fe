import type { Clear, Hit, Standing } from './breakpoints.ts';
import type { Guest } from './guest.ts';
import type { KernelView } from './kernel-view.ts';

/** How a vCPU dies at a function's first instruction; all of them leave program counter and call trace true. */
export type CrashKind =
  /** An exception in place: an oops that names the function. */
  | 'illegal-instruction'
  /** The function calls address 0: an oops with the function as its caller. */
  | 'null-jump'
  /** The function calls panic("crashlab: panic at NAME"). */
  | 'panic'
  /** The vCPU spins in the function for ever, its interrupts off. */
  | 'hang'
  /** As `hang`, its interrupts as they were. */
  | 'spin';

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
  const { code } = guest.specification.architecture;
  switch (how) {
    case 'illegal-instruction':
      return (hit, standing) => illegalInstruction(hit, standing, code.illegalInstruction, ends);
    case 'null-jump':
      return async (hit, standing) => {
        await standing.apply(hit, await code.call(hit, 0n));
        return null;
      };
    case 'panic': {
      const panic = await kernel.resolve(guest.memory, PANIC);
      return async (hit, standing) => {
        await standing.apply(hit, await code.call(hit, panic, `crashlab: panic at ${name}`));
        return null;
      };
    }
    case 'hang':
    case 'spin': {
      const length = await kernel.functionLength(guest.memory, address, TEXT);
      // Where nobody else runs, the first instruction is the truest place.
      const inPlace = how === 'hang' && guest.specification.vcpus === 1;
      return async (hit, standing) => {
        const text = await hit.memory(address, length);
        const place = address + BigInt(inPlace ? 0 : (code.unusedPlace(text) ?? 0));
        await standing.gdb.writeMemory(place, code.spin);
        await standing.apply(hit, await code.jump(hit, place, { interrupts: how === 'spin' }));
        return null;
      };
    }
  }
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
  let tell: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const breakpoints: Clear[] = [];
  const undo = async () => {
    for (const clear of breakpoints) await clear();
    await write(original);
    tell();
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
  return { over, undo };
}
