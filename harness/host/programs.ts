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

/** Those that are not there. */
export async function missingPrograms(programs: Program[] = PROGRAMS): Promise<Program[]> {
  const found = await Promise.all(programs.map(({ name }) => isThere(name)));
  return programs.filter((_, index) => !found[index]);
}

/** The command that installs them. */
export function installCommand(programs: Program[]): string {
  return `apt-get install -y --no-install-recommends ${[...new Set(programs.map((one) => one.package))].join(' ')}`;
}

async function isThere(name: string): Promise<boolean> {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  const places = name.startsWith('/') ? [name] : folders.map((folder) => path.join(folder, name));
  for (const place of places) {
    if (
      await access(place, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return true;
  }
  return false;
}
