import { access, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import { storeEntry } from '../harness/host/store.ts';
import { downloadAll } from './apt-packages.ts';
import { containerWorkshop } from './container.ts';
import { crossTriplet, hostArchitecture } from './debian-architecture.ts';
import { entryName, type Headers, openSuite, toolsOf, unpack } from './kernel-headers.ts';
import { compile, WORK } from './lab-compile.ts';
import { mergeUsr } from './merged-usr.ts';
import { namespaceWorkshop } from './namespace.ts';
import { checked, openShell } from './shell.ts';

/** What kbuild's makefiles call, beside make and the compiler. */
const PROGRAMS = ['make', 'binutils', 'dash', 'coreutils', 'sed', 'grep', 'mawk', 'findutils', 'diffutils'];

/**
 * Builds in a root of the kernel's own suite, which has the compiler it was built with: in a container where a
 * Docker engine answers, otherwise in namespaces of our own. Errors: NO_TOOLCHAIN, MODULE_NOT_BUILT, and those of
 * the apt root.
 */
export async function buildInRoot(
  headers: Headers,
  options: { work: string; whyNotHost: string; signal: AbortSignal | undefined },
): Promise<string> {
  const { work, whyNotHost, signal } = options;
  const whyNot = [whyNotHost];
  for (const openWorkshop of [containerWorkshop, namespaceWorkshop]) {
    const opened = await openWorkshop(() => obtainBuildRoot(headers, signal), work);
    if ('why' in opened) {
      whyNot.push(opened.why);
      continue;
    }
    const build = path.join('/', path.relative(headers.tree, headers.build));
    // Otherwise Debian's makefiles ask dpkg, which is not there.
    const { architecture } = headers.package;
    const triplet = crossTriplet(architecture);
    const variables = [
      ...[`DEB_BUILD_ARCH=${hostArchitecture()}`, `DEB_HOST_ARCH=${architecture}`],
      ...(triplet === null ? [] : [`DEB_HOST_GNU_TYPE=${triplet}`]),
    ];
    return compile(opened, { build, variables, triplet, signal });
  }
  throw new CrashlabError(
    'host',
    'NO_TOOLCHAIN',
    `The lab module can’t be built for a kernel of ${headers.package.suite} here: ${whyNot.join('; ')}.`,
    { advice: 'Allow user namespaces, start Docker, or use a host of that suite.' },
  );
}

/** The kernel's headers with a compiler of its own suite, to be entered. Nothing writes to it once it is there. */
async function obtainBuildRoot(headers: Headers, signal?: AbortSignal): Promise<string> {
  const { folder } = await storeEntry('build-roots', entryName(headers.package), {
    sound: (entry) =>
      access(path.join(entry, WHOLE)).then(
        () => true,
        () => false,
      ),
    build: async (draft) => {
      const root = path.join(draft, 'root');
      await mkdir(root);
      const packages = path.join(draft, 'packages');
      await mkdir(path.join(packages, 'partial'), { recursive: true });
      await using apt = await openSuite(toolsOf(headers.package), signal);
      await unpack(await downloadAll(apt, [...PROGRAMS, ...headers.tools], packages, signal), root);
      await rm(packages, { recursive: true });
      await furnish(root, headers);
      await writeFile(path.join(draft, WHOLE), '');
    },
  });
  return path.join(folder, 'root');
}

/** Written last. Its number is that of the way of making it: roots made in another way are made anew. */
const WHOLE = 'whole-2';

/** What packages' scripts would do, which are not run, and places to mount things on. */
async function furnish(root: string, { tree }: Headers): Promise<void> {
  const shell = await openShell();
  // Hard links: the same files, in two places of one cache.
  checked(await shell`cp -al ${`${tree}/.`} ${root}`, 'adding the headers to a build root');
  await mergeUsr(root);
  const programs = new Set(await readdir(path.join(root, 'usr/bin')));
  const links = { sh: 'dash', awk: 'mawk' };
  for (const [name, target] of Object.entries(links)) {
    if (!programs.has(name)) await symlink(target, path.join(root, 'usr/bin', name));
  }
  for (const name of ['dev', 'proc', 'tmp', WORK]) await mkdir(path.join(root, name), { recursive: true });
  await writeFile(path.join(root, 'dev/null'), '');
  for (const name of ['doc', 'man', 'locale', 'info']) {
    await rm(path.join(root, 'usr/share', name), { recursive: true, force: true });
  }
}
