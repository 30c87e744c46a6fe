import { execFile, spawnSync } from 'node:child_process';
import { access, mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { expect } from 'vitest';
import { PROGRAMS } from '../../harness/host/programs.ts';

/** The built program, as users run it. */
export const CLI = fileURLToPath(new URL('../../dist/harness/cli.js', import.meta.url));

/** Mounting and changing the user need root; a title says what was left out. */
export const asRoot = process.getuid?.() === 0;
export const rootOnly = asRoot ? '' : ' (left out: needs root)';

/** A command in front of another makes it that of a user who owns nothing. */
export const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const;

/** Whether that user can read a file: a checkout in root's own home is out of reach. */
export function othersReach(file: string): boolean {
  const [program, ...list] = NOBODY;
  return asRoot && spawnSync(program, [...list, 'test', '-r', file]).status === 0;
}

/** What a command printed, and its exit code. */
export interface Finished {
  stdout: string;
  stderr: string;
  code: number;
}

/** Runs a command to its end, whatever its exit code. */
export async function finished(
  [program = '', ...list]: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Finished> {
  try {
    return { ...(await promisify(execFile)(program, list, { env: { ...process.env, ...env } })), code: 0 };
  } catch (error) {
    return v.parse(v.object({ stdout: v.string(), stderr: v.string(), code: v.number() }), error);
  }
}

/** Runs crashlab with a cache of its own. */
export function crashlab(list: readonly string[], env: NodeJS.ProcessEnv): Promise<Finished> {
  return finished([process.execPath, CLI, ...list], env);
}

interface Trouble {
  exit: number;
  /** Stands in brackets at the end. */
  code: string | undefined;
  said: string;
  /** Every trouble says what to do, on a line of its own. */
  advised: boolean;
  stack: boolean;
}

/** What a command that failed told its user. */
export function troubleOf({ stdout, stderr, code: exit }: Finished): Trouble {
  return {
    exit,
    code: / \[([A-Z_]+)\]\n$/.exec(stderr)?.[1],
    said: stderr,
    advised: /^crashlab: .+\n.+/.test(stderr),
    stack: /^\s+at |a bug of ours/m.test(stderr + stdout),
  };
}

/** Trouble as it should be told. */
export const trouble = (exit: number, code: string, words: RegExp) => ({
  exit,
  code,
  said: expect.stringMatching(words),
  advised: true,
  stack: false,
});

/** A folder for PATH with all that crashlab calls, but for some. */
export async function pathWithout(folder: string, left: string[]): Promise<string> {
  await mkdir(folder);
  const basics = ['bash', 'sh', 'cat', 'find', 'sort', 'tar', 'apt-cache', 'modinfo', 'env'];
  const named = PROGRAMS.map(({ name }) => name).filter((name) => !name.startsWith('/'));
  for (const name of [...basics, ...named].filter((one) => !left.includes(one))) {
    for (const place of ['/usr/bin', '/usr/sbin']) {
      const file = path.join(place, name);
      if (
        await access(file).then(
          () => true,
          () => false,
        )
      )
        await symlink(file, path.join(folder, name));
    }
  }
  return folder;
}
