import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import requirements from './programs.json' with { type: 'json' };

/** A program crashlab calls, and the Debian package that has it. */
export interface Program {
  name: string;
  package: string;
  /** What it is for. */
  why: string;
}

/** The host's programs; the set-up script reads the same list. */
export const PROGRAMS: Program[] = requirements.programs;

/** Those that only some guests and scenarios need: the set-up leaves them alone, except for the tests. */
export const OPTIONAL_PROGRAMS: Program[] = requirements.optional;

/** Those that are not there. */
export async function missingPrograms(programs: Program[] = PROGRAMS): Promise<Program[]> {
  const found = await Promise.all(programs.map(({ name }) => isThere(name)));
  return programs.filter((_, index) => !found[index]);
}

/** The command that installs them, for this user to type: package lists that are old or empty name no package. */
export function installCommand(programs: Program[]): string {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  const packages = [...new Set(programs.map((one) => one.package))].join(' ');
  return `${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${packages}`;
}

/** PATH, and behind it the folders of administration programs, which an ordinary user's PATH lacks on Debian. */
export function pathWithSbin(): string {
  return [...(process.env['PATH'] ?? '').split(':').filter(Boolean), '/usr/sbin', '/sbin'].join(':');
}

/** Whether a program can be run: by its path, or by its name through PATH. */
export async function isThere(name: string): Promise<boolean> {
  const places = name.startsWith('/')
    ? [name]
    : pathWithSbin()
        .split(':')
        .map((folder) => path.join(folder, name));
  for (const place of places) {
    if (await exists(place, constants.X_OK)) return true;
  }
  return false;
}

async function exists(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}
