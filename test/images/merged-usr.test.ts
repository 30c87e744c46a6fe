import { mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { mergeUsr } from '../../images/merged-usr.ts';
import { temporaryFolder } from '../end-to-end/crashlab.ts';

test('what older packages have in /bin and /lib is found there and below /usr', async () => {
  const root = await temporaryFolder();
  for (const folder of ['bin', 'usr/bin', 'lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu']) {
    await mkdir(path.join(root, folder), { recursive: true });
    await writeFile(path.join(root, folder, `of-${folder.replaceAll('/', '-')}`), folder);
  }
  await symlink('usr/sbin', path.join(root, 'sbin'));
  await mergeUsr(root);
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    expect(await readlink(path.join(root, name))).toBe(`usr/${name}`);
  }
  for (const bin of ['bin', 'usr/bin']) {
    expect(await readFile(path.join(root, bin, 'of-bin'), 'utf8')).toBe('bin');
    expect(await readFile(path.join(root, bin, 'of-usr-bin'), 'utf8')).toBe('usr/bin');
  }
  const library = path.join(root, 'lib/x86_64-linux-gnu');
  expect(await readFile(path.join(library, 'of-lib-x86_64-linux-gnu'), 'utf8')).toBe('lib/x86_64-linux-gnu');
  expect(await readFile(path.join(library, 'of-usr-lib-x86_64-linux-gnu'), 'utf8')).toMatch(/^usr/);
  await mergeUsr(root);
  expect(await readlink(path.join(root, 'bin'))).toBe('usr/bin');
});
