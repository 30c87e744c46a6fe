import { CrashlabError } from '../host/error.ts';
import type { MachineSpecification } from '../machine/arguments.ts';
import { shownText } from '../printk/byte-string.ts';
import { untilDead } from './died.ts';
import { askFacts, type GuestFacts } from './facts.ts';
import { type Guest, startGuest, withDeadline } from './guest.ts';
import { bringUpNetwork, enableNetconsole, haltOnPanic } from './netconsole-setup.ts';
import { untilWired } from './wired.ts';

/** Called with a guest that failed, before it is gone: what it said stays readable. */
export type OnFailure = (guest: Guest) => void;

/** netconsole's default port on the receiving side. */
const PORT = 6666;
const CONSOLE_LINES_SHOWN = 12;
const TAIL_SHOWN = 4096;

/**
 * Boots a guest to the point where netconsole works. Errors: GUEST_NOT_UP and GUEST_DIED with its last console
 * lines, GUEST_ODD, KERNEL_WITHOUT.
 */
export async function bootGuest(
  specification: MachineSpecification,
  options: {
    format: 'basic' | 'extended';
    signal: AbortSignal;
    bootTimeoutMs: number;
    onFailure?: OnFailure;
  },
): Promise<{ guest: Guest; facts: GuestFacts }> {
  const guest = await startGuest(specification, { signal: options.signal });
  try {
    using deadline = withDeadline(guest.signal, options.bootTimeoutMs, () =>
      notUp(guest, options.bootTimeoutMs),
    );
    using alive = untilDead(guest, deadline.signal, () => lastLines(guest));
    const { signal } = alive;
    await guest.agent.ready(signal);
    await haltOnPanic(guest.agent, signal);
    await untilWired(guest, signal);
    await bringUpNetwork(guest.agent, signal);
    await enableNetconsole(guest.agent, { port: guest.socket?.port ?? PORT, format: options.format }, signal);
    const facts = await askFacts(guest.agent, signal);
    return { guest, facts };
  } catch (error) {
    options.onFailure?.(guest);
    await guest[Symbol.asyncDispose]();
    throw explain(error, guest);
  }
}

function notUp(guest: Guest, timeoutMs: number): CrashlabError {
  return new CrashlabError(
    'guest',
    'GUEST_NOT_UP',
    `The guest did not come up within ${timeoutMs / 1000} s. ${lastLines(guest)}`,
    { advice: 'If it was only slow, give it longer with --boot-timeout SECONDS.' },
  );
}

/** A command that failed in the guest means little without what its console said. */
function explain(error: unknown, guest: Guest): unknown {
  if (!(error instanceof CrashlabError) || error.code !== 'GUEST_REFUSED') return error;
  return new CrashlabError('guest', 'GUEST_NOT_UP', `${error.message} ${lastLines(guest)}`, {
    advice: 'Its whole console is in serial.log in the evidence; try it by hand with --dry-run.',
    cause: error,
  });
}

function lastLines(guest: Guest): string {
  const lines = guest.serial.tail(TAIL_SHOWN).split(/\r?\n/).filter(Boolean).slice(-CONSOLE_LINES_SHOWN);
  if (lines.length === 0) return 'It printed nothing on its console.';
  return `Its last console lines:\n${lines.map((line) => `  ${shownText(line)}`).join('\n')}`;
}
