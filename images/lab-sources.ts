import { cp, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { contentHash } from '../harness/host/store.ts';

/** The lab module's C sources. They lie in the source tree, beside this file or beside its compiled form. */
function sourceFolder(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  return here.includes(`${path.sep}dist${path.sep}`)
    ? path.join(here, '..', '..', 'images', 'lab-module')
    : path.join(here, 'lab-module');
}

/** Those that count: somebody may have built by hand beside them. */
const isSource = (name: string) => /(?:^|\/)(?:Kbuild|\w[\w-]*(?<!\.mod)\.[ch])$/.test(name);

/** Changes when any of them does. */
export async function hashSources(): Promise<string> {
  const names = (await readdir(sourceFolder())).filter(isSource).sort();
  const texts = names.map((name) => readFile(path.join(sourceFolder(), name), 'utf8'));
  return contentHash(names, await Promise.all(texts));
}

/** kbuild writes beside the sources: each build has its own. */
export async function copySources(folder: string): Promise<void> {
  const from = sourceFolder();
  await cp(from, folder, { recursive: true, filter: (file) => file === from || isSource(file) });
}
