import { type FileHandle, open, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { diskFull, isFull } from '../host/disk.ts';
import { CrashlabError } from '../host/error.ts';
import { cacheRoot } from '../host/paths.ts';
import { contentHash, sha256, storeEntry } from '../host/store.ts';
import { flatten, machineArguments, type MachineSpecification } from '../machine/arguments.ts';
import { bootGuest, type OnFailure } from './boot.ts';
import { GuestFacts } from './facts.ts';
import { type Guest, startGuest, withDeadline } from './guest.ts';
import { KernelView } from './kernel-view.ts';
import { orAborted } from './settling.ts';
import { broken, restoreState, saveState, unsaved } from './state.ts';

/** Change it when a template made by older code must not be used any more. */
const LAYOUT = 6;
/** How many templates the cache keeps, each up to the guest's RAM in size: the least recently used go first. */
const KEPT = 12;
/** Nobody who uses a template is slower than this from one clone to the next. */
const IN_USE_MS = 3600 * 1000;
/** A state is restored in a tenth of a second. */
const RESTORE_MS = 30_000;
/** All but the RAM, which is in its file already: half a second. */
const SAVE_MS = 60_000;

/** A booted, stopped guest on disk: its RAM, its devices' state, and what it said of itself. */
export interface Template {
  folder: string;
  specification: MachineSpecification;
  kernel: KernelView;
  /** SHA-256 of its devices' state. */
  stateHash: string;
}

const Manifest = v.object({ facts: GuestFacts, stateHash: v.string(), memoryBytes: v.number() });

/** The template for a specification, booted once and then kept. `qemu` identifies the QEMU build. */
export async function obtainTemplate(
  specification: MachineSpecification,
  options: {
    format: 'basic' | 'extended';
    qemu: string;
    signal: AbortSignal;
    bootTimeoutMs: number;
    onBoot: () => void;
    onFailure?: OnFailure;
  },
): Promise<Template> {
  const { architecture: _, ...plain } = specification;
  const key = contentHash(
    LAYOUT,
    options.qemu,
    options.format,
    plain,
    flatten(machineArguments(specification)),
  );
  const { folder } = await storeEntry('templates', key, {
    sound: isSound,
    build: async (draft) => {
      options.onBoot();
      await evictOld();
      await buildTemplate(draft, specification, options);
    },
  });
  await touch(folder);
  const { facts, stateHash } = await readManifest(folder);
  const kernel = new KernelView(facts, path.join(folder, 'symbols'));
  return { folder, specification, kernel, stateHash };
}

async function buildTemplate(
  draft: string,
  specification: MachineSpecification,
  options: {
    format: 'basic' | 'extended';
    signal: AbortSignal;
    bootTimeoutMs: number;
    onFailure?: OnFailure;
  },
): Promise<void> {
  const file = path.join(draft, 'memory');
  const { guest, facts } = await bootGuest({ ...specification, memory: { file, share: true } }, options);
  await using _ = guest;
  try {
    using deadline = withDeadline(guest.signal, SAVE_MS, unsaved);
    await orAborted(save(guest, draft, facts), deadline.signal);
  } catch (error) {
    options.onFailure?.(guest);
    const ours = !options.signal.aborted && (await isFull(draft));
    throw ours ? diskFull('saving a booted guest', draft, error) : error;
  }
}

async function save(guest: Guest, draft: string, facts: GuestFacts): Promise<void> {
  const state = path.join(draft, 'state');
  await saveState(guest, state);
  await writeFile(
    path.join(draft, 'template.json'),
    JSON.stringify({
      facts,
      stateHash: sha256(await readFile(state)),
      memoryBytes: (await stat(path.join(draft, 'memory'))).size,
    }),
  );
}

/**
 * Starts a copy-on-write clone and lets it run from where its template stopped. Errors: TEMPLATE_BROKEN, and those
 * of QEMU.
 */
export async function cloneTemplate(
  template: Template,
  options: { signal: AbortSignal; onFailure?: OnFailure },
): Promise<Guest> {
  const { folder, specification } = template;
  const state = await openState(template);
  let guest: Guest;
  try {
    guest = await startGuest(
      { ...specification, memory: { file: path.join(folder, 'memory'), share: false }, incoming: true },
      { signal: options.signal, state: state.fd },
    );
  } finally {
    await state.close();
  }
  try {
    using deadline = withDeadline(guest.signal, RESTORE_MS, () => broken(folder));
    await orAborted(restoreState(guest, folder, deadline.signal), deadline.signal);
    return guest;
  } catch (error) {
    options.onFailure?.(guest);
    await guest[Symbol.asyncDispose]();
    // A QEMU that can't read its state ends by itself.
    throw error instanceof CrashlabError && error.code === 'QEMU_FAILED' ? broken(folder, error) : error;
  }
}

/** QEMU takes most damage without a word: the state is looked at before each use, 0.4 MB in a millisecond. */
async function openState({ folder, stateHash }: Template): Promise<FileHandle> {
  const file = path.join(folder, 'state');
  try {
    const [bytes] = await Promise.all([readFile(file), touch(folder)]);
    if (sha256(bytes) === stateHash) return await open(file);
  } catch (error) {
    throw broken(folder, error);
  }
  throw broken(folder);
}

/** Whether the cache still has it. One that was cleared away, and that another crashlab booted anew, is another. */
export async function isKept({ folder, stateHash }: Template): Promise<boolean> {
  return await readManifest(folder).then(
    (manifest) => manifest.stateHash === stateHash,
    () => false,
  );
}

async function isSound(folder: string): Promise<boolean> {
  try {
    const manifest = await readManifest(folder);
    const [state, memory] = await Promise.all([
      readFile(path.join(folder, 'state')),
      stat(path.join(folder, 'memory')),
    ]);
    return sha256(state) === manifest.stateHash && memory.size === manifest.memoryBytes;
  } catch {
    return false;
  }
}

async function readManifest(folder: string): Promise<v.InferOutput<typeof Manifest>> {
  return v.parse(Manifest, JSON.parse(await readFile(path.join(folder, 'template.json'), 'utf8')));
}

/** Says that it is in use, where the cache lets us. */
async function touch(folder: string): Promise<void> {
  const now = new Date();
  await utimes(folder, now, now).catch(() => undefined);
}

/** A running clone keeps its memory file open: removing it here does it no harm. */
async function evictOld(): Promise<void> {
  const shelf = path.join(cacheRoot(), 'templates');
  const names = (await readdir(shelf)).filter((name) => !name.includes('.draft-'));
  const entries = await Promise.all(
    names.map(async (name) => {
      const folder = path.join(shelf, name);
      // Another crashlab may just be removing it.
      return {
        folder,
        usedMs: await stat(folder).then(
          (found) => found.mtimeMs,
          () => 0,
        ),
      };
    }),
  );
  const old = entries.sort((a, b) => b.usedMs - a.usedMs).slice(KEPT - 1);
  for (const { folder, usedMs } of old) {
    if (Date.now() - usedMs > IN_USE_MS) await rm(folder, { recursive: true, force: true });
  }
}
