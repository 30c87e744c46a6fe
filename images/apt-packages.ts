import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import type { AptRoot } from './apt.ts';
import { type AptResult, hostFailure, runApt } from './apt-run.ts';
import { checked, openShell } from './shell.ts';

/** Names and versions of the packages whose name matches, newest version first. */
export async function findPackages(
  root: AptRoot,
  pattern: RegExp,
): Promise<{ name: string; version: string }[]> {
  const shell = await openShell();
  const listed = await shell`apt-cache -c ${root.configuration} pkgnames linux-image-`;
  const names = checked(listed, 'listing packages')
    .split('\n')
    .filter((name) => pattern.test(name));
  if (names.length === 0) return [];
  const shown = await shell`apt-cache -c ${root.configuration} show --no-all-versions ${names}`;
  const found = [...shown.stdout.matchAll(/^Package: (\S+)\n(?:.+\n)*?Version: (\S+)/gm)].map(
    ([, name = '', version = '']) => ({ name, version }),
  );
  const versions = found.map(({ version }) => version).join('\n');
  const ranked = checked(await shell({ input: versions })`sort -rVu`, 'sorting versions').split('\n');
  return found.sort((a, b) => ranked.indexOf(a.version) - ranked.indexOf(b.version));
}

/** The names a package depends on, alternatives included. */
export async function dependenciesOf(root: AptRoot, name: string): Promise<string[]> {
  const shell = await openShell();
  const shown = await shell`apt-cache -c ${root.configuration} show --no-all-versions ${name}`;
  return [...shown.stdout.matchAll(/^(?:Pre-)?Depends: (.*)$/gm)].flatMap(([, list = '']) =>
    list.split(/[,|]/).map((item) => item.trim().split(/[\s:(]/)[0] ?? ''),
  );
}

/** Downloads packages into a folder; apt holds them against the signed lists. Errors: NO_NETWORK, DISK_FULL. */
export async function download(
  root: AptRoot,
  names: string[],
  folder: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const result = await runApt(root, ['download', '-q', ...names], { cwd: folder, watch: folder, signal });
  checkFetched(result, `downloading ${names.join(', ')}`);
  return packagesIn(folder);
}

/**
 * Downloads packages and all that they depend on, as for a host that has nothing yet. `folder` has a `partial` in
 * it. Errors: NO_NETWORK, DISK_FULL.
 */
export async function downloadAll(
  root: AptRoot,
  names: string[],
  folder: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const list = ['install', '--download-only', '--yes', '-q', '--no-install-recommends'];
  const archives = ['-o', `Dir::Cache::archives=${folder}`];
  const doing = `downloading ${names.join(', ')} and what they need`;
  checkFetched(await runApt(root, [...list, ...archives, ...names], { watch: folder, signal }), doing);
  return packagesIn(folder);
}

function checkFetched(result: AptResult, doing: string): void {
  if (result.ended === 'well') return;
  if (result.errno) throw hostFailure(result, doing);
  throw new CrashlabError('host', 'NO_NETWORK', `${doing} failed: ${result.reason}`, {
    advice: 'Check the network, then type the same again.',
  });
}

async function packagesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith('.deb')).map((name) => path.join(folder, name));
}
