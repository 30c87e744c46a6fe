import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { $ } from 'zx';
import { CrashlabError } from '../harness/host/error.ts';
import { cacheRoot } from '../harness/host/paths.ts';

/**
 * A private apt root: package lists and downloads of one suite and architecture, for any user, leaving the
 * host's own apt alone. Mirrors and keys are those of the host's own sources.
 */
export interface AptRoot {
  /** The suite's codename, or the host's own release. */
  suite: string;
  architecture: string;
  /** Environment that points apt-get and apt-cache at this root. */
  environment: NodeJS.ProcessEnv;
  /** True when the lists were read from the mirror just now. */
  fresh: boolean;
}

const LISTS_ARE_FRESH_MS = 24 * 3600 * 1000;

/** Opens (and where needed updates) the root. Errors: APT_MISSING, NO_SOURCES, NO_NETWORK. */
export async function openAptRoot(options: {
  suite?: string;
  architecture: string;
  refresh?: boolean;
}): Promise<AptRoot> {
  const suite = options.suite ?? (await hostRelease());
  const root = path.join(cacheRoot(), 'apt', `${suite}-${options.architecture}`);
  for (const folder of ['state/lists/partial', 'cache/archives/partial']) {
    await mkdir(path.join(root, folder), { recursive: true });
  }
  await writeFile(path.join(root, 'sources.list'), await sourcesFor(suite, options.suite === undefined));
  const configuration = path.join(root, 'apt.conf');
  await writeFile(configuration, renderConfiguration(root, options.architecture));
  const environment = { ...process.env, APT_CONFIG: configuration, LC_ALL: 'C' };
  const stamp = path.join(root, 'updated');
  const updatedMs = await stat(stamp).then(
    (s) => s.mtimeMs,
    () => 0,
  );
  const fresh = options.refresh === true || Date.now() - updatedMs > LISTS_ARE_FRESH_MS;
  if (fresh) {
    await update(environment, suite);
    await writeFile(stamp, '');
  }
  return { suite, architecture: options.architecture, environment, fresh };
}

async function update(environment: NodeJS.ProcessEnv, suite: string): Promise<void> {
  const shell = $({ env: environment, quiet: true, nothrow: true });
  const result = await shell`apt-get update -q --error-on=any`;
  if (result.exitCode === 0) return;
  if (/not found|ENOENT/.test(result.stderr) && result.exitCode === 127) throw aptMissing();
  const detail =
    result.stderr.split('\n').find((line) => /^(E|W|Err):?/.test(line)) ?? `exit ${result.exitCode}`;
  if (/404|does not have a Release file/.test(result.stderr + result.stdout)) {
    throw new CrashlabError('usage', 'NO_SUITE', `The mirror has no suite "${suite}".`, {
      advice: 'Debian suites are for example bookworm, bookworm-backports, trixie, testing, sid.',
    });
  }
  throw new CrashlabError(
    'host',
    'NO_NETWORK',
    `The package lists of ${suite} could not be read: ${detail.trim()}`,
    {
      advice:
        'Check the network and the host’s apt sources; kernels already in the cache (crashlab kernel list) work without, and so does --kernel bzImage --modules DIR.',
    },
  );
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

function renderConfiguration(root: string, architecture: string): string {
  const settings = {
    'Dir::State': path.join(root, 'state'),
    'Dir::State::lists': path.join(root, 'state/lists'),
    'Dir::State::status': '/dev/null',
    'Dir::Cache': path.join(root, 'cache'),
    'Dir::Etc::sourcelist': path.join(root, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '20',
    'Debug::NoLocking': 'true',
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key} "${value}";\n`)
    .join('');
}

/** The codename of the Debian release this host runs, from os-release. */
export async function hostRelease(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const codename = /^VERSION_CODENAME=(\S+)$/m.exec(text)?.[1];
  if (!/^ID=debian$/m.test(text) || !codename) {
    throw new CrashlabError(
      'host',
      'NOT_DEBIAN',
      'This host is not Debian, so its release names no kernel.',
      {
        advice:
          'Name a suite (crashlab kernel add debian --suite bookworm), or bring your own: --kernel bzImage --modules DIR.',
      },
    );
  }
  return codename;
}

interface Mirror {
  uri: string;
  options: string;
  suites: string[];
}

async function sourcesFor(suite: string, own: boolean): Promise<string> {
  const mirrors = await hostMirrors();
  const main = mirrors.find((mirror) => !/security/.test(mirror.uri));
  if (!main) {
    throw new CrashlabError('host', 'NO_SOURCES', 'The host’s apt sources name no Debian mirror.', {
      advice: 'Add one to /etc/apt/sources.list.d, or bring your own kernel: --kernel bzImage --modules DIR.',
    });
  }
  if (!own) return `deb ${main.options} ${main.uri} ${suite} main\n`;
  return mirrors
    .flatMap((mirror) =>
      mirror.suites
        .filter((name) => name.startsWith(suite))
        .map((name) => `deb ${mirror.options} ${mirror.uri} ${name} main\n`),
    )
    .join('');
}

/** Debian mirrors of the host's own sources, in both of apt's formats (sources.list(5)). */
async function hostMirrors(): Promise<Mirror[]> {
  const folder = '/etc/apt/sources.list.d';
  const names = await readdir(folder).catch(() => []);
  const files = [
    '/etc/apt/sources.list',
    ...names.sort((a, b) => a.localeCompare(b)).map((name) => path.join(folder, name)),
  ];
  const mirrors: Mirror[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (file.endsWith('.sources')) mirrors.push(...deb822Mirrors(text));
    else if (file.endsWith('.list')) mirrors.push(...oneLineMirrors(text));
  }
  return mirrors.filter((mirror) => /\/debian(-security)?\/?$/.test(mirror.uri));
}

function deb822Mirrors(text: string): Mirror[] {
  return text
    .replaceAll(/^#.*\n/gm, '')
    .split(/\n\s*\n/)
    .flatMap((stanza) => {
      const field = (name: string) => new RegExp(`^${name}:\\s*(.+)$`, 'im').exec(stanza)?.[1]?.trim();
      const uris = field('URIs')?.split(/\s+/) ?? [];
      if (!field('Types')?.split(/\s+/).includes('deb') || field('Enabled')?.toLowerCase() === 'no')
        return [];
      const key = field('Signed-By');
      const options = key?.startsWith('/') ? `[signed-by=${key}]` : '';
      return uris.map((uri) => ({ uri, options, suites: field('Suites')?.split(/\s+/) ?? [] }));
    });
}

function oneLineMirrors(text: string): Mirror[] {
  return [...text.matchAll(/^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s/gm)].map(
    ([, options, uri = '', suite = '']) => {
      const key = /signed-by=\S+/.exec(options ?? '')?.[0];
      return { uri, options: key ? `[${key}]` : '', suites: [suite] };
    },
  );
}

/** Names and versions of the packages whose name matches, newest version first. */
export async function findPackages(
  root: AptRoot,
  pattern: RegExp,
): Promise<{ name: string; version: string }[]> {
  const shell = $({ env: root.environment, quiet: true });
  const names = (await shell`apt-cache pkgnames linux-image-`).stdout
    .split('\n')
    .filter((name) => pattern.test(name));
  if (names.length === 0) return [];
  const shown = await shell({ nothrow: true })`apt-cache show --no-all-versions ${names}`;
  const found = [...shown.stdout.matchAll(/^Package: (\S+)\n(?:.+\n)*?Version: (\S+)/gm)].map(
    ([, name = '', version = '']) => ({ name, version }),
  );
  const versions = found.map(({ version }) => version).join('\n');
  const ranked = (await $({ input: versions, quiet: true })`sort -rVu`).stdout.split('\n');
  return found.sort((a, b) => ranked.indexOf(a.version) - ranked.indexOf(b.version));
}

/** The names a package depends on, first alternatives included. */
export async function dependenciesOf(root: AptRoot, name: string): Promise<string[]> {
  const shown = await $({
    env: root.environment,
    quiet: true,
    nothrow: true,
  })`apt-cache show --no-all-versions ${name}`;
  return [...shown.stdout.matchAll(/^(?:Pre-)?Depends: (.*)$/gm)].flatMap(([, list = '']) =>
    list.split(/[,|]/).map((item) => item.trim().split(/[\s:(]/)[0] ?? ''),
  );
}

/** Downloads packages into a folder; apt checks their signatures' hashes. */
export async function download(root: AptRoot, names: string[], folder: string): Promise<string[]> {
  const result = await $({
    env: root.environment,
    cwd: folder,
    quiet: true,
    nothrow: true,
  })`apt-get download -q ${names}`;
  if (result.exitCode !== 0) {
    const full = /No space left/i.test(result.stderr);
    const detail = result.stderr.trim().split('\n').at(-1) ?? '';
    throw new CrashlabError(
      'host',
      full ? 'DISK_FULL' : 'NO_NETWORK',
      `Downloading ${names.join(', ')} failed: ${detail}`,
      {
        advice: full
          ? 'Free some space, or point CRASHLAB_CACHE at a larger disk.'
          : 'Check the network; the same command goes on where it stopped.',
      },
    );
  }
  return (await readdir(folder))
    .filter((name) => name.endsWith('.deb'))
    .map((name) => path.join(folder, name));
}
