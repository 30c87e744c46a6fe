/** Whose fault it is decides the exit code: usage 2, host 3, guest 4, lab 70. */
export type Blame = 'usage' | 'host' | 'guest' | 'lab';

/** An error a person can act on: a code to search for, what happened, and what to do. */
export class CrashlabError extends Error {
  override readonly name = 'CrashlabError';
  readonly blame: Blame;
  /** Stable and documented, e.g. `QEMU_MISSING`. */
  readonly code: string;
  /** The next step, as a sentence or a command. */
  readonly advice: string | undefined;

  constructor(
    blame: Blame,
    code: string,
    message: string,
    options: { advice?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.blame = blame;
    this.code = code;
    this.advice = options.advice;
  }
}

/** The process exit code for an error, as `crashlab --help` documents it. */
export function exitCodeOf(blame: Blame): number {
  return { usage: 2, host: 3, guest: 4, lab: 70 }[blame];
}
