import { CrashlabError } from '../host/error.ts';
import type { AgentAnswer } from './agent.ts';
import type { Guest } from './guest.ts';
import type { KernelView } from './kernel-view.ts';

/** A number, a file's descriptor, or a pointer to a text, of which there can be one. */
export type CallArgument = number | { file: string } | { text: string };

/** The shell's way to a system call whose first argument is a text, that changes nothing if it is made after all. */
const CARRIER = 'rmdir';
/** The first file descriptor that a shell leaves alone. */
const FIRST_FILE = 3;

/**
 * Makes a system call that no command of the guest's makes: busybox calls rmdir(), and a breakpoint turns that into
 * `name` with these arguments. Gives how rmdir ended and what it said, which is the call's error in words; a call that
 * the kernel was built without is not implemented. Errors: NO_SYMBOL, NO_SYSTEM_CALLS, TRIGGER_MISSED.
 */
export async function systemCall(
  guest: Guest,
  kernel: KernelView,
  { name, values }: { name: string; values: readonly CallArgument[] },
  signal: AbortSignal,
): Promise<AgentAnswer> {
  const { breakpoints, memory, specification } = guest;
  const { systemCalls } = specification.architecture.code;
  if (systemCalls === null) throw noSystemCalls(specification.architecture.name);
  const [carrier, target] = [
    await kernel.resolve(memory, [systemCalls.prefix + CARRIER]),
    await kernel.resolve(memory, [systemCalls.prefix + name]),
  ];
  const { command, numbers } = shellCall(values);
  let made = false;
  const clear = await breakpoints.halted(({ set }) =>
    set(carrier, async (hit, standing) => {
      await clear();
      await standing.apply(hit, await systemCalls.become(hit, target, numbers));
      made = true;
      return 'moved';
    }),
  );
  const answer = await guest.agent.run(command, signal);
  if (made) return answer;
  await breakpoints.halted(clear);
  throw neverMade(name, answer);
}

/** The shell's command that opens the files and makes the carrying call, and the arguments as the other call has them. */
export function shellCall(values: readonly CallArgument[]): {
  command: string;
  /** Null for the carrying call's own first argument. */
  numbers: (bigint | null)[];
} {
  const files: string[] = [];
  let text = '';
  const numbers = values.map((value) => {
    if (typeof value === 'number') return BigInt(value);
    if ('file' in value) return BigInt(FIRST_FILE + files.push(value.file) - 1);
    ({ text } = value);
    return null;
  });
  const opened = files.map((file, at) => ` ${FIRST_FILE + at}<${quoted(file)}`).join('');
  return { command: `(exec${opened}; ${CARRIER} ${quoted(text)})`, numbers };
}

const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function noSystemCalls(architecture: string): CrashlabError {
  return new CrashlabError(
    'usage',
    'NO_SYSTEM_CALLS',
    `How ${architecture} makes system calls is not known here.`,
  );
}

function neverMade(name: string, { output }: AgentAnswer): CrashlabError {
  return new CrashlabError(
    'guest',
    'TRIGGER_MISSED',
    `The system call ${name} was never made: ${output.trim().slice(-200)}`,
  );
}
