import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../harness/host/error.ts';
import type { AptRoot } from './apt.ts';
import { hostFailure, runApt } from './apt-run.ts';
import { noSuite } from './suite.ts';

/** Reads the mirror's lists. Errors: NO_SUITE, NO_NETWORK, UNTRUSTED, DISK_FULL. */
export async function updateLists(root: AptRoot, signal?: AbortSignal): Promise<void> {
  const lists = path.join(root.folder, 'state/lists');
  const result = await runApt(root, ['update', '-q', '--error-on=any'], { watch: lists, signal });
  if (result.ended === 'well') return;
  // A root that never had lists is of a suite that may not exist.
  if (!(await readdir(lists)).some((name) => name.includes('_dists_')))
    await rm(root.folder, { recursive: true, force: true });
  const said = result.stdout + result.stderr;
  if (result.errno) throw hostFailure(result, 'reading package lists');
  if (/^E: .*does not have a Release file/m.test(result.stderr)) throw noSuite(root.suite);
  if (/NO_PUBKEY|is not signed|signatures? (?:were|was|could)|EXPKEYSIG|BADSIG/.test(said)) {
    throw new CrashlabError(
      'host',
      'UNTRUSTED',
      `The package lists of ${root.suite} are not signed by a key this host trusts: ${result.reason}`,
      { advice: 'Bring the keys up to date: apt-get install debian-archive-keyring' },
    );
  }
  throw new CrashlabError(
    'host',
    'NO_NETWORK',
    `The package lists of ${root.suite} could not be read: ${result.reason}`,
    {
      advice:
        'Check the network and the host’s apt sources; kernels already in the cache (crashlab kernel list) work without, and so does --kernel bzImage --modules DIR.',
    },
  );
}
