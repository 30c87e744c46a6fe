import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import { hostError } from '../harness/host/failure.ts';
import { makeFolder } from '../harness/host/folder.ts';
import { cacheRoot } from '../harness/host/paths.ts';
import { isThere } from '../harness/host/programs.ts';
import { updateLists } from './apt-lists.ts';
import { suiteName } from './suite.ts';
import { hostRelease, hostSources, sourcesOf } from './debian.ts';
import { holdLock } from './lock.ts';

/**
 * A private apt root: package lists and downloads of one suite and architecture, for any user, leaving the
 * host's own apt alone. Mirrors and keys are those of the host's own sources. One process has it at a time.
 */
export interface AptRoot {
  /** The suite's codename, or the host's own release. */
  suite: string;
  architecture: string;
  folder: string;
  /** Read after the host's own configuration: proxies stay, what is set here wins. */
  configuration: string;
}

/** Opens the root with the mirror's lists of now. Errors: APT_MISSING, NO_SOURCES, NO_SUITE, NO_NETWORK, UNTRUSTED. */
export async function openAptRoot(options: {
  suite?: string;
  architecture: string;
  signal?: AbortSignal;
}): Promise<AptRoot & AsyncDisposable> {
  if (!(await isThere('apt-get'))) throw aptMissing();
  const suite = options.suite === undefined ? await hostRelease() : suiteName(options.suite);
  const own = options.suite === undefined || suite === (await hostRelease().catch(() => null));
  const sources = sourcesOf(suite, own, await hostSources());
  const folder = path.join(cacheRoot(), 'apt', `${suite}-${options.architecture}`);
  await makeFolder(folder).catch((error: unknown) => {
    throw hostError(error, 'making a folder for package lists in the cache');
  });
  const lock = await holdLock(path.join(folder, 'lock'), options.signal);
  try {
    const root = await prepareRoot({ suite, architecture: options.architecture, folder, sources });
    await updateLists(root, options.signal);
    return { ...root, [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** The root's folders and configuration, not yet its lists. */
export async function prepareRoot(options: {
  suite: string;
  architecture: string;
  folder: string;
  sources: string;
}): Promise<AptRoot> {
  const { folder, suite, architecture } = options;
  const configuration = path.join(folder, 'apt.conf');
  try {
    await makeFolder(path.join(folder, 'state/lists/partial'));
    await makeFolder(path.join(folder, 'cache/archives/partial'));
    await writeFile(path.join(folder, 'sources.list'), options.sources);
    await writeFile(configuration, renderConfiguration(folder, architecture));
  } catch (error) {
    throw hostError(error, 'preparing package lists in the cache');
  }
  return { suite, architecture, folder, configuration };
}

function renderConfiguration(folder: string, architecture: string): string {
  const settings = {
    'Dir::State': path.join(folder, 'state'),
    'Dir::State::lists': path.join(folder, 'state/lists'),
    'Dir::State::status': '/dev/null',
    'Dir::Cache': path.join(folder, 'cache'),
    'Dir::Etc::sourcelist': path.join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': '',
    // Whatever the host allows itself: nothing unsigned becomes a guest.
    'APT::Get::AllowUnauthenticated': 'false',
    'Acquire::AllowInsecureRepositories': 'false',
    'Acquire::AllowWeakRepositories': 'false',
    'Acquire::AllowDowngradeToInsecureRepositories': 'false',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
    'Debug::NoLocking': 'true', // the lock is ours
  };
  // The host's hooks are about the host's own packages, and may need root.
  const cleared = ['APT::Architectures', 'APT::Update::Pre-Invoke', 'APT::Update::Post-Invoke'];
  const hooks = [...cleared, 'APT::Update::Post-Invoke-Success'].map((name) => `#clear ${name};\n`);
  const lines = Object.entries(settings).map(([key, value]) => `${key} "${value}";\n`);
  return [...hooks, ...lines].join('');
}

function aptMissing(): CrashlabError {
  return new CrashlabError(
    'host',
    'APT_MISSING',
    'There is no apt on this host, so Debian kernels can’t be fetched.',
    {
      advice: 'Bring your own kernel: --kernel bzImage --modules DIR.',
    },
  );
}
