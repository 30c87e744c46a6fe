import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import { installCommand, isThere, OPTIONAL_PROGRAMS } from '../harness/host/programs.ts';
import { hostRelease } from './debian.ts';
import { crossTriplet } from './debian-architecture.ts';
import type { Headers } from './kernel-headers.ts';
import { openShell } from './shell.ts';

/** What the host has to build a module with, or why it can’t. */
export type HostCompiler = { compiler: string } | { why: string };

/**
 * Whether the host's own compiler builds modules for a Debian kernel: make and the same major version of gcc, and
 * kbuild's programs run here. Errors: NO_COMPILER where the host is of the kernel's own suite and only has to
 * install one.
 */
export async function hostCompilerFor({
  tree,
  build,
  compiler,
  package: { suite, architecture },
}: Headers): Promise<HostCompiler> {
  if (crossTriplet(architecture) !== null) return { why: `the kernel is one for ${architecture}` };
  const found = (await hasMake()) ? await compilerOfMajor(compiler) : null;
  if (found === null) {
    if (suite === (await hostRelease().catch(() => null))) throw noCompiler();
    return { why: `this host has no make and ${compiler}` };
  }
  if (/\s/.test(tree)) return { why: `kbuild takes no spaces in a path, and the cache is ${tree}` };
  const refused = await whyToolsFail(build);
  return refused === null ? { compiler: found } : { why: refused };
}

/** For a kernel of one's own, which was built here or somewhere like here. Errors: NO_COMPILER. */
export async function anyHostCompiler(): Promise<string> {
  if ((await hasMake()) && (await isThere('gcc'))) return 'gcc';
  throw noCompiler();
}

const hasMake = () => isThere('make');

async function compilerOfMajor(wanted: string): Promise<string | null> {
  if (await isThere(wanted)) return wanted;
  const shell = await openShell();
  const major = (await shell`gcc -dumpversion`).stdout.trim().split('.')[0];
  return wanted === `gcc-${major}` ? 'gcc' : null;
}

/** They are programs of the kernel's suite: an older host's C library may lack what they need. */
async function whyToolsFail(build: string): Promise<string | null> {
  const shell = await openShell();
  for (const name of ['basic/fixdep', 'mod/modpost', '../tools/objtool/objtool']) {
    const { stderr } = await shell`${path.join(build, 'scripts', name)} --version </dev/null`;
    const line = /^.*(?:error while loading shared libraries|version `\S+' not found).*$/m.exec(stderr)?.[0];
    if (line) return `the kernel’s ${path.basename(name)} does not run on this host (${line.trim()})`;
  }
  return null;
}

const COMPILERS = new Set(['gcc', 'make']);

function noCompiler(): CrashlabError {
  const wanted = OPTIONAL_PROGRAMS.filter(({ name }) => COMPILERS.has(name));
  return new CrashlabError(
    'host',
    'NO_COMPILER',
    `There is no C compiler on this host: ${installCommand(wanted)}`,
  );
}
