import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import type { Headers } from './kernel-headers.ts';
import { openShell } from './shell.ts';

/** Where a workshop that is not the host has the sources. */
export const WORK = '/build';

/** Where a build's own folder lies, and how its script is run there. */
export interface Workshop {
  /** In words, for an error. */
  name: string;
  /** The folder of the sources, as the script sees it. */
  work: string;
  run: (script: string, signal?: AbortSignal) => Promise<{ status: number | null; output: string }>;
}

/**
 * Runs kbuild over the sources in a workshop; leaves `crashlab.ko`, without what only a debugger reads. `build` is
 * the kernel's build folder as the script sees it, `wrapper` another makefile to read instead of its own, `triplet`
 * what programs for another architecture than the host's are called by. Gives what make printed. Errors:
 * MODULE_NOT_BUILT.
 */
export async function compile(
  workshop: Workshop,
  options: {
    build: string;
    variables?: string[];
    wrapper?: string;
    triplet?: string | null;
    signal?: AbortSignal | undefined;
  },
): Promise<string> {
  const { build, variables = [], wrapper, triplet = null, signal } = options;
  const make = [
    ...['make', '--no-print-directory', '-C', build],
    ...(wrapper === undefined ? [] : ['-f', wrapper]),
    // BTF would want a pahole of the kernel's own suite; nothing here is traced.
    ...[`M=${workshop.work}`, 'CONFIG_DEBUG_INFO_BTF_MODULES=', ...variables, 'modules'],
  ];
  // The build's own identity is a digest of what is stripped, and that names folders.
  const strip = [
    triplet === null ? 'strip' : `${triplet}-strip`,
    '--strip-debug',
    '--remove-section=.note.gnu.build-id',
    path.join(workshop.work, 'crashlab.ko'),
  ];
  const script = `exec 2>&1; ${make.map(quoted).join(' ')} && ${strip.map(quoted).join(' ')}`;
  const { status, output } = await workshop.run(script, signal);
  signal?.throwIfAborted();
  if (status === 0) return output;
  throw notBuilt(workshop.name, output);
}

/** The host itself. */
export function hostWorkshop(work: string): Workshop {
  return {
    name: 'this host',
    work,
    async run(script, signal) {
      const shell = await openShell({ cwd: work });
      const running = shell`sh -c ${script}`;
      const stop = () => void running.kill('SIGTERM');
      signal?.addEventListener('abort', stop, { once: true });
      const { exitCode, stdout, stderr } = await running;
      signal?.removeEventListener('abort', stop);
      return { status: exitCode, output: stdout + stderr };
    },
  };
}

/** Debian's build folders name /usr/src in their makefile: as unpacked elsewhere, they need one that doesn't. */
export async function writeWrapper({ tree, build }: Headers, file: string): Promise<void> {
  const text = await readFile(path.join(build, 'Makefile'), 'utf8');
  await writeFile(file, text.replaceAll('/usr/src/', path.join(tree, 'usr/src/')));
}

const quoted = (word: string) => `'${word.replaceAll("'", String.raw`'\''`)}'`;

function notBuilt(where: string, output: string): CrashlabError {
  const lines = output.trim().split('\n');
  const error =
    lines.find((line) => /\b(?:error|not found|denied|cannot|failed)\b/i.test(line)) ?? lines.at(-1) ?? '';
  return new CrashlabError(
    'host',
    'MODULE_NOT_BUILT',
    `The lab module could not be built on ${where}: ${error.trim()}`,
  );
}
