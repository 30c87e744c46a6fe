import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import { parseSources, type Source } from './sources.ts';

/** The codename of the Debian release this host runs. Errors: NOT_DEBIAN. */
export async function hostRelease(): Promise<string> {
  const release = parseRelease(await readFile('/etc/os-release', 'utf8').catch(() => ''));
  if (release) return release;
  throw new CrashlabError('host', 'NOT_DEBIAN', 'This host is not Debian, so its release names no kernel.', {
    advice:
      'Name a suite (crashlab kernel add debian --suite bookworm), or bring your own: --kernel bzImage --modules DIR.',
  });
}

/** The codename in an os-release(5) of Debian itself; derivatives name releases that Debian's mirrors don't have. */
export function parseRelease(osRelease: string): string | null {
  const value = (key: string) => new RegExp(`^${key}=(["']?)(.*)\\1\\s*$`, 'm').exec(osRelease)?.[2];
  return value('ID') === 'debian' ? value('VERSION_CODENAME') || null : null;
}

/** All apt sources of this host, in apt's own order. */
export async function hostSources(): Promise<Source[]> {
  const folder = '/etc/apt/sources.list.d';
  const names: string[] = await readdir(folder).catch(() => []);
  const files = ['/etc/apt/sources.list', ...names.sort().map((name) => path.join(folder, name))];
  const found: Source[] = [];
  for (const file of files) {
    found.push(...parseSources(file, await readFile(file, 'utf8').catch(() => '')));
  }
  return found;
}

/**
 * The sources.list of one suite, from the host's mirrors and their keys. `own` says that it is the host's own
 * release: its security and other updates belong to it. Errors: NO_SOURCES.
 */
export function sourcesOf(suite: string, own: boolean, sources: Source[]): string {
  const debian = sources.filter(isDebian);
  const ownSuites = new Set([suite, `${suite}-updates`, `${suite}-security`]);
  const lines = debian.flatMap((source) =>
    source.suites.filter((name) => own && ownSuites.has(name)).map((name) => renderSource(source, name)),
  );
  // A host whose sources say "stable", or "sid", still has a mirror with every suite.
  if (lines.some((line) => line.includes(` ${suite} `))) return [...new Set(lines)].join('');
  const main = debian.find((source) => source.suites.some((name) => MAIN_SUITE.test(name)));
  if (main) return renderSource(main, suite) + lines.join('');
  throw new CrashlabError('host', 'NO_SOURCES', 'The host’s apt sources name no Debian mirror.', {
    advice: 'Add one to /etc/apt/sources.list.d, or bring your own kernel: --kernel bzImage --modules DIR.',
  });
}

/** A whole release, or what is added to it: neither its security updates nor another's, e.g. bookworm-pgdg. */
const MAIN_SUITE = /^[a-z]+(-updates|-backports|-proposed-updates)?$/;

/** Others offer a "main" for Debian's suites too, under keys of their own. */
function isDebian({ uri, components, signedBy }: Source): boolean {
  const othersKey = signedBy.some((key) => key.startsWith('/') && !key.includes('debian-archive'));
  return components.includes('main') && /debian/.test(uri) && !othersKey;
}

function renderSource({ uri, signedBy }: Source, suite: string): string {
  const options = signedBy.length ? `[signed-by=${signedBy.join(',')}] ` : '';
  return `deb ${options}${uri} ${suite} main\n`;
}
