import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import type { AptRoot } from './apt.ts';
import { hostFailure, runApt } from './apt-run.ts';
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
  if (result.ended !== 'well') {
    const doing = `downloading ${names.join(', ')}`;
    if (result.errno) throw hostFailure(result, doing);
    throw new CrashlabError('host', 'NO_NETWORK', `${doing} failed: ${result.reason}`, {
      advice: 'Check the network, then type the same again.',
    });
  }
  return (await readdir(folder))
    .filter((name) => name.endsWith('.deb'))
    .map((name) => path.join(folder, name));
}
