import { CrashlabError } from '../host/error.ts';
import type { Guest } from './guest.ts';
import type { KernelView } from './kernel-view.ts';

/** x86 `ud2`: raises invalid opcode in place, so that RIP and the call trace stay true. */
const ILLEGAL_INSTRUCTION = Uint8Array.of(0x0f, 0x0b);

/** Where a fatal report ends and the panic begins: Linux kernel/panic.c. */
const PANIC = ['panic'];
/** A report is printed in well under a second; one that ends in no panic is left to itself after this. */
const PANIC_WAIT_MS = 5000;

/**
 * Puts an illegal instruction at the function when a vCPU comes by, and takes it away again when the kernel
 * panics over it: what runs after that may call the same function. A function that is never called is no
 * crash. `meanwhile` provokes the call. Errors: TRIGGER_MISSED, NO_SYMBOL.
 */
export async function crashAt(
  guest: Guest,
  kernel: KernelView,
  names: string[],
  options: { waitMs: number; meanwhile?: () => void },
): Promise<void> {
  const { gdb } = guest.qemu;
  const address = await kernel.resolve(guest.memory, names);
  const panic = await kernel.resolve(guest.memory, PANIC);
  await gdb.halt();
  await gdb.setBreakpoint(address);
  options.meanwhile?.();
  await runUntilStop(guest, options.waitMs, () => neverCalled(names, options.waitMs));
  await gdb.clearBreakpoint(address);
  const original = await gdb.readMemory(address, ILLEGAL_INSTRUCTION.length);
  await gdb.writeMemory(address, ILLEGAL_INSTRUCTION);
  await gdb.setBreakpoint(panic);
  if (
    (await gdb.runUntilStop(AbortSignal.any([guest.signal, AbortSignal.timeout(PANIC_WAIT_MS)]))) === null
  ) {
    guest.signal.throwIfAborted();
    await gdb.halt();
  }
  await gdb.clearBreakpoint(panic);
  await gdb.writeMemory(address, original);
  await gdb.detach();
}

async function runUntilStop(guest: Guest, waitMs: number, late: () => CrashlabError): Promise<void> {
  const stopped = await guest.qemu.gdb.runUntilStop(
    AbortSignal.any([guest.signal, AbortSignal.timeout(waitMs)]),
  );
  if (stopped !== null) return;
  guest.signal.throwIfAborted();
  throw late();
}

function neverCalled(names: string[], waitMs: number): CrashlabError {
  return new CrashlabError(
    'guest',
    'TRIGGER_MISSED',
    `${names.join(' / ')} was not called within ${waitMs / 1000} s: the guest never crashed.`,
  );
}
