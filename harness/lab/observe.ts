import { type Guest, withDeadline } from '../guest/guest.ts';
import { untilQuiet } from '../guest/quiet.ts';
import { CrashlabError } from '../host/error.ts';
import type { ScenarioEnd } from './scenario.ts';

/** How a guest's run came to its end. */
export type RunEnd =
  /** The kernel's own last line was seen on every witness. */
  | 'last line'
  /** The guest reset or powered itself off. */
  | 'reset'
  | 'power-off'
  /** Nothing came any more. */
  | 'silence'
  /** The scenario ended and the guest lives. */
  | 'alive'
  /** It still talked when its time was over. */
  | 'deadline';

/** After these words panic() prints nothing more: Linux kernel/panic.c. */
const LAST_LINE = /---\[ end Kernel panic|Rebooting in \d+ seconds\.\./;
const LONGEST_LAST_LINE = 2048;

/** A guest whose last line was seen may still be sending: 7.x kernels send all of a panic at its very end. */
const SILENCE_AFTER_LAST_LINE_MS = 1000;
/** No last line: it hangs in the middle, or it is not dead at all. */
const SILENCE_MS = 6000;
const SOON_MS = 100;
const REBOOT_GRACE_MS = 15_000;
/** After this much silence without a last line the guest is asked whether it lives. */
const ASK_AFTER_MS = 1500;
const ANSWER_MS = 3000;

/**
 * Waits for the first moment at which everything can be there. Until then the guest is not touched: one that
 * is stopped in the middle of its last words is no longer the guest we wanted to watch.
 */
export async function firstEnd(
  guest: Guest,
  ends: ScenarioEnd,
  { signal, onLastLine }: { signal: AbortSignal; onLastLine: () => void },
): Promise<RunEnd> {
  if (ends === 'alive') return shutdownOf(guest) ?? 'alive';
  const ended = () => shutdownOf(guest) !== null;
  const over = () => lastLineOn(guest).anywhere || ended();
  if ((await untilQuiet(guest, ASK_AFTER_MS, signal, over)) && (await answers(guest, signal))) return 'alive';
  const silent = await untilQuiet(guest, SILENCE_MS, signal, over);
  if (silent) return shutdownOf(guest) ?? 'silence';
  onLastLine();
  const everywhere = () => lastLineOn(guest).everywhere || ended();
  await untilQuiet(guest, SILENCE_AFTER_LAST_LINE_MS, signal, everywhere);
  return shutdownOf(guest) ?? (lastLineOn(guest).anywhere ? 'last line' : 'deadline');
}

/** A moment later: a guest that lives may only have had no time yet to send what it wrote, where a thread does that. */
export async function soon(guest: Guest, signal: AbortSignal): Promise<void> {
  await untilQuiet(guest, SOON_MS, signal);
  signal.throwIfAborted();
}

/** Whether the agent in the guest still serves: a guest that is silent because nothing has hit it says so. */
async function answers(guest: Guest, signal: AbortSignal): Promise<boolean> {
  using patience = withDeadline(signal, ANSWER_MS, noAnswer);
  return await guest.agent.run('true', patience.signal).then(
    () => true,
    () => false,
  );
}

const noAnswer = () => new CrashlabError('guest', 'AGENT_SILENT', 'The guest’s agent does not answer.');

/**
 * The last moment: nothing that is not there now will ever come. A guest that panicked with `panic=` set is
 * waited for until it resets, whatever its witnesses say: it may send its last words just before.
 */
export async function lastEnd(
  guest: Guest,
  { first, resetsAfterMs }: { first: RunEnd; resetsAfterMs: number | null },
  signal: AbortSignal,
): Promise<RunEnd> {
  if (first === 'reset' || first === 'power-off' || first === 'deadline') return first;
  const silenceMs = resetsAfterMs === null ? SILENCE_AFTER_LAST_LINE_MS : resetsAfterMs + REBOOT_GRACE_MS;
  const silent = await untilQuiet(guest, silenceMs, signal, () => shutdownOf(guest) !== null);
  return shutdownOf(guest) ?? (silent ? first : 'deadline');
}

/** The guest's own reset or power-off, as QEMU reports it; QEMU has paused it then. */
export function shutdownOf(guest: Guest): 'reset' | 'power-off' | null {
  const event = guest.events.find(({ name }) => name === 'SHUTDOWN');
  if (!event) return null;
  return event.data['reason'] === 'guest-reset' ? 'reset' : 'power-off';
}

function lastLineOn(guest: Guest): { anywhere: boolean; everywhere: boolean } {
  const serial = LAST_LINE.test(guest.serial.tail(LONGEST_LAST_LINE));
  const packet = guest.socket?.datagrams.at(-1)?.payload ?? lastFrame(guest);
  const wire = packet !== undefined && LAST_LINE.test(Buffer.from(packet).toString('latin1'));
  return { anywhere: serial || wire, everywhere: serial && wire };
}

function lastFrame(guest: Guest): Uint8Array | undefined {
  return guest.segment.frames.findLast(({ direction }) => direction === 'from guest')?.bytes;
}
