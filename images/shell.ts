import type { ProcessOutput, Shell } from 'zx';
import { CrashlabError } from '../harness/host/error.ts';
import { hostError } from '../harness/host/failure.ts';
import { PROGRAMS, installCommand, pathWithSbin } from '../harness/host/programs.ts';

const COMMAND_NOT_FOUND = 127;

/**
 * zx for building: quiet, in the C locale, never throwing (see `checked`). Imported when something is built: a warm
 * run must not wait 240 ms for it. An ordinary user's PATH lacks the sbin folders where depmod and modprobe lie.
 */
export async function openShell(options: { cwd?: string } = {}): Promise<Shell> {
  const { $ } = await import('zx');
  const env = { ...process.env, PATH: pathWithSbin(), LC_ALL: 'C' };
  return $({ ...options, env, quiet: true, nothrow: true });
}

/** What a program printed, or the reason why it failed. Errors: PROGRAM_MISSING, DISK_FULL, NO_PERMISSION, HOST_FAILED. */
export function checked(result: ProcessOutput, doing: string): string {
  if (result.exitCode === 0) return result.stdout;
  const missing = missingProgram(result);
  if (missing) throw programMissing(missing);
  const code = errnoIn(result.stderr);
  const words = lineOf(result.stderr, code) ?? `exit ${result.exitCode ?? result.signal}`;
  throw hostError(Object.assign(new Error(words), { code }), doing);
}

const ERRNO_WORDS = new Map([
  ['ENOSPC', 'No space left on device'],
  ['EDQUOT', 'Disk quota exceeded'],
  ['EROFS', 'Read-only file system'],
  ['EACCES', 'Permission denied'],
]);

/** The errno behind what a program printed in the C locale; empty for others. */
export function errnoIn(said: string): string {
  return [...ERRNO_WORDS].find(([, words]) => said.includes(words))?.[0] ?? '';
}

/** The line that tells of an errno, or the last one. */
export function lineOf(said: string, errno: string): string | null {
  const lines = said.trim().split('\n');
  const words = ERRNO_WORDS.get(errno);
  return (words && lines.find((line) => line.includes(words))) || lines.at(-1) || null;
}

/** The name the shell did not find, as bash says it. */
export function missingProgram({ exitCode, stderr }: ProcessOutput): string | null {
  if (exitCode !== COMMAND_NOT_FOUND) return null;
  return /(?:^|\s)([\w.-]+): command not found/.exec(stderr)?.[1] ?? null;
}

export function programMissing(name: string): CrashlabError {
  const known = PROGRAMS.filter((program) => program.name === name);
  return new CrashlabError('host', 'PROGRAM_MISSING', `There is no ${name} on this host.`, {
    advice: known.length
      ? `Install it: ${installCommand(known)}; crashlab doctor names everything that is missing.`
      : 'crashlab doctor names everything that is missing.',
  });
}
