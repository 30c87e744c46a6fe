import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import { isThere } from '../harness/host/programs.ts';
import { sha256, storeEntry } from '../harness/host/store.ts';
import { openAptRoot } from './apt.ts';
import { download } from './apt-packages.ts';
import { debianName } from './debian-architecture.ts';
import { checked, openShell } from './shell.ts';

/** Where Debian's static busybox lies on a host, and in its package before and after /usr was merged. */
const HOSTS_OWN = '/bin/busybox';
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
 * The busybox for guests of an architecture: this host's own where it is one itself, otherwise that of Debian's
 * package, fetched with apt once and kept. Errors: BUSYBOX_MISSING, NO_NETWORK, APT_MISSING.
 */
export async function obtainBusybox(
  arch: string,
  options: { host?: string; signal?: AbortSignal } = {},
): Promise<Busybox> {
  if (HOSTS.get(arch) === (options.host ?? process.arch)) {
    if (!(await isThere(HOSTS_OWN))) throw busyboxMissing();
    const { size, mtimeMs } = await stat(HOSTS_OWN);
    return { file: HOSTS_OWN, identity: `${size} ${mtimeMs}` };
  }
  const { folder } = await storeEntry('busybox', arch, {
    sound: async (entry) => (await readDigest(entry)) !== null,
    build: (draft) => fetchBusybox(draft, arch, options.signal),
  });
  return { file: path.join(folder, FILE), identity: (await readDigest(folder)) ?? '' };
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

function busyboxMissing(): CrashlabError {
  return new CrashlabError('host', 'BUSYBOX_MISSING', `There is no ${HOSTS_OWN}, the guests’ user space.`, {
    advice: 'Install it: apt-get install busybox-static',
  });
}
