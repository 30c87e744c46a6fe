import { createHash } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { draftName, sweepDrafts } from './draft.ts';
import { settle } from './settle.ts';
import { hostError } from './failure.ts';
import { makeFolder } from './folder.ts';
import { cacheRoot } from './paths.ts';

export { isRunning } from './owner.ts';

/** Builders that keep putting damaged entries where ours should go are more than two. */
const ATTEMPTS = 5;

/** A name for content: the first 16 hex digits of the SHA-256 over the parts' JSON. */
export function contentHash(...parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** SHA-256 in hex: 14 MB, a kernel's image, in 10 ms. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * The folder `cache/kind/name`, made by `build` if it isn't there (or is no longer `sound`).
 * It is built beside its place and renamed into it, so that a reader never sees half of it and two
 * builders at once both end with the same whole folder. What has its name is on the disk: a power cut leaves a draft.
 */
export async function storeEntry(
  kind: string,
  name: string,
  options: {
    build: (folder: string) => Promise<void>;
    /** False for a folder that is damaged: it is then built anew. */
    sound: (folder: string) => Promise<boolean>;
  },
): Promise<{ folder: string; built: boolean }> {
  const shelf = path.join(cacheRoot(), kind);
  const folder = path.join(shelf, name);
  if (await options.sound(folder)) return { folder, built: false };
  let draft: string | null = null;
  try {
    await makeFolder(shelf);
    await sweepDrafts(shelf);
    draft = await draftName(folder);
    await mkdir(draft);
    await options.build(draft);
    await settle(draft);
    await putInPlace(draft, folder, options.sound);
  } catch (error) {
    throw hostError(error, `building ${kind}/${name} in the cache`);
  } finally {
    // On a cache that has become read-only there is nothing to remove, and the first error counts.
    if (draft) await rm(draft, { recursive: true, force: true }).catch(() => undefined);
  }
  return { folder, built: true };
}

/** A sound entry that another builder put there first stays; a damaged one makes way. */
async function putInPlace(
  draft: string,
  folder: string,
  sound: (folder: string) => Promise<boolean>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const refused = await moveTo(draft, folder);
    if (!refused || (await sound(folder))) return;
    if (attempt === ATTEMPTS) throw refused;
    const aside = await draftName(folder);
    await moveTo(folder, aside);
    // Between the look and the move another builder may have mended it: theirs is in use already.
    if (await sound(aside)) await moveTo(aside, folder);
    await rm(aside, { recursive: true, force: true });
  }
}

/** Null when it moved; the error when something is in the way or gone. */
async function moveTo(from: string, to: string): Promise<unknown> {
  return rename(from, to).then(
    () => null,
    (error: unknown) => error,
  );
}

/** Writes a small file whole or not at all, whoever else writes it at the same time. */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const draft = await draftName(file);
  try {
    await makeFolder(path.dirname(file));
    await writeFile(draft, content, { flush: true });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw hostError(error, `writing ${file}`);
  }
}
