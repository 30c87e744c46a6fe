/** An error a person can act on: a code to search for, what happened, and what to do. */
export class CrashlabError extends Error {
  name = 'CrashlabError';
  blame;
  /** Stable and documented, e.g. `QEMU_MISSING`. */
  code;
  /** The next step, as a sentence or a command. */
  advice;
  constructor(blame, code, message, options = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.blame = blame;
    this.code = code;
    this.advice = options.advice;
  }
}
/** The process exit code for an error, as `crashlab --help` documents it. */
export function exitCodeOf(blame) {
  return { usage: 2, host: 3, guest: 4, lab: 70 }[blame];
}
