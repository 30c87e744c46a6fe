import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import { isThere } from '../harness/host/programs.ts';
import { sha256, storeEntry } from '../harness/host/store.ts';
import { openAptRoot } from './apt.ts';
import { download } from './apt-packages.ts';
import { debianName } from './debian-architecture.ts';
import { isStaticProgram } from './elf.ts';
import { checked, openShell } from './shell.ts';

/** Where Debian's busybox lies on a host, and in its package before and after /usr was merged. */
export const HOSTS_OWN = '/bin/busybox';
const IN_PACKAGE = ['bin/busybox', 'usr/bin/busybox'];

/** Node's names of hosts whose own busybox a guest can run. */
const HOSTS = new Map([
  ['x86-64', 'x64'],
  ['arm64', 'arm64'],
]);

/** A static busybox, and what tells it from another. */
export interface Busybox {
  file: string;
  identity: string;
}

/**
 * The busybox for guests of an architecture: this host's own where that is a static one of the same architecture,
 * otherwise that of Debian's package, fetched with apt once and kept. Errors: BUSYBOX_MISSING where the host's own
 * would have done; NO_NETWORK, APT_MISSING.
 */
export async function obtainBusybox(
  arch: string,
  options: { host?: string; own?: string; signal?: AbortSignal } = {},
): Promise<Busybox> {
  const { own = HOSTS_OWN, host = process.arch, signal } = options;
  const fits = HOSTS.get(arch) === host;
  if (fits && (await isUsable(own))) {
    const { size, mtimeMs } = await stat(own);
    return { file: own, identity: `${size} ${mtimeMs}` };
  }
  const { folder } = await storeEntry('busybox', arch, {
    sound: async (entry) => (await readDigest(entry)) !== null,
    build: (draft) =>
      fetchBusybox(draft, arch, signal).catch((error: unknown) => {
        throw fits && outOfReach(error) ? busyboxMissing(error, own) : error;
      }),
  });
  return { file: path.join(folder, FILE), identity: (await readDigest(folder)) ?? '' };
}

/** The package busybox, which most installed Debians have, is linked against a C library that no guest has. */
export async function isUsable(busybox: string): Promise<boolean> {
  return (await isThere(busybox)) && (await isStaticProgram(busybox));
}

const FILE = 'busybox';
const DIGEST = 'sha256';

async function fetchBusybox(draft: string, arch: string, signal: AbortSignal | undefined): Promise<void> {
  const [packages, tree] = [path.join(draft, 'packages'), path.join(draft, 'tree')];
  await mkdir(packages);
  {
    const architecture = debianName(arch);
    await using root = await openAptRoot(signal === undefined ? { architecture } : { architecture, signal });
    const shell = await openShell();
    for (const file of await download(root, ['busybox-static'], packages, signal)) {
      checked(await shell`dpkg-deb -x ${file} ${tree}`, `unpacking ${path.basename(file)}`);
    }
  }
  const target = path.join(draft, FILE);
  for (const name of IN_PACKAGE) await rename(path.join(tree, name), target).catch(() => undefined);
  await chmod(target, 0o755);
  await writeFile(path.join(draft, DIGEST), sha256(await readFile(target)));
  for (const folder of [packages, tree]) await rm(folder, { recursive: true });
}

/** The digest of a whole busybox; null where it is damaged or not there. */
async function readDigest(folder: string): Promise<string | null> {
  try {
    const digest = await readFile(path.join(folder, DIGEST), 'utf8');
    return sha256(await readFile(path.join(folder, FILE))) === digest ? digest : null;
  } catch {
    return null;
  }
}

const outOfReach = (error: unknown): error is CrashlabError =>
  error instanceof CrashlabError && ['APT_MISSING', 'NO_NETWORK', 'NO_SOURCES'].includes(error.code);

function busyboxMissing(cause: CrashlabError, own: string): CrashlabError {
  return new CrashlabError(
    'host',
    'BUSYBOX_MISSING',
    `There is no static ${own}, the guests’ user space, and Debian’s can’t be fetched: ${cause.message}`,
    {
      advice:
        'Try again with a network, or install it (it takes the place of the package busybox): apt-get install busybox-static',
      cause,
    },
  );
}
