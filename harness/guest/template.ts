import { open, readFile, stat, writeFile, readdir, rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { CrashlabError } from '../host/error.ts';
import { cacheRoot } from '../host/paths.ts';
import { contentHash, storeEntry } from '../host/store.ts';
import { DESCRIPTORS, flatten, machineArguments, type MachineSpecification } from '../machine/arguments.ts';
import { bootGuest } from './boot.ts';
import { GuestFacts } from './facts.ts';
import { type Guest, reasonOf, startGuest } from './guest.ts';
import { KernelView } from './kernel-view.ts';
import { drain, untilQuiet } from './quiet.ts';

/** Change it when a template made by older code must not be used any more. */
const LAYOUT = 2;
/** How many templates the cache keeps, each up to the guest's RAM in size: the least recently used go first. */
const KEPT = 12;
const SETTLE_MS = 300;

/** A booted, stopped guest on disk: its RAM, its devices' state, and what it said of itself. */
export interface Template {
  folder: string;
  specification: MachineSpecification;
  kernel: KernelView;
}

const Manifest = v.object({ facts: GuestFacts, stateBytes: v.number(), memoryBytes: v.number() });

/** The template for a specification, booted once and then kept. `qemu` identifies the QEMU build. */
export async function obtainTemplate(
  specification: MachineSpecification,
  options: {
    format: 'basic' | 'extended';
    qemu: string;
    signal: AbortSignal;
    bootTimeoutMs: number;
    onBoot: () => void;
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
  const now = new Date();
  await utimes(folder, now, now);
  const { facts } = await readManifest(folder);
  return { folder, specification, kernel: new KernelView(facts, path.join(folder, 'symbols')) };
}

async function buildTemplate(
  draft: string,
  specification: MachineSpecification,
  options: { format: 'basic' | 'extended'; signal: AbortSignal; bootTimeoutMs: number },
): Promise<void> {
  const file = path.join(draft, 'memory');
  const state = path.join(draft, 'state');
  const { guest, facts } = await bootGuest({ ...specification, memory: { file, share: true } }, options);
  await using _ = guest;
  // What is still in the NIC's queue would be sent again by every clone.
  await untilQuiet(guest, SETTLE_MS, guest.signal);
  const { qmp } = guest.qemu;
  await qmp.execute('stop');
  await drain(guest);
  await qmp.execute('migrate-set-capabilities', { capabilities: CAPABILITIES });
  const saved = watched(migrated(guest));
  await qmp.execute('migrate', { uri: `exec:cat > '${state.replaceAll("'", String.raw`'\''`)}'` });
  await saved;
  await writeFile(
    path.join(draft, 'template.json'),
    JSON.stringify({ facts, stateBytes: (await stat(state)).size, memoryBytes: (await stat(file)).size }),
  );
}

/** The RAM stays in its file; `events` tells when the rest is through. */
const CAPABILITIES = [
  { capability: 'x-ignore-shared', state: true },
  { capability: 'events', state: true },
];

/** Starts a copy-on-write clone and lets it run from where its template stopped. */
export async function cloneTemplate(template: Template, options: { signal: AbortSignal }): Promise<Guest> {
  const state = await open(path.join(template.folder, 'state'));
  let guest: Guest;
  try {
    guest = await startGuest(
      {
        ...template.specification,
        memory: { file: path.join(template.folder, 'memory'), share: false },
        incoming: true,
      },
      { signal: options.signal, state: state.fd },
    );
  } finally {
    await state.close();
  }
  try {
    const { qmp } = guest.qemu;
    const restored = watched(migrated(guest));
    const prepared = [
      qmp.execute('migrate-set-capabilities', { capabilities: CAPABILITIES }),
      // A migrated NIC announces itself to the switches: five rounds of ARP from the guest’s own driver.
      qmp.execute('migrate-set-parameters', { 'announce-rounds': 0 }),
    ];
    await Promise.all(prepared);
    await qmp.execute('migrate-incoming', { uri: `fd:${DESCRIPTORS.state}` });
    await restored;
    await qmp.execute('cont');
    return guest;
  } catch (error) {
    await guest[Symbol.asyncDispose]();
    throw error;
  }
}

/** Resolves when a migration, in or out, is through; rejects when it failed or QEMU went. */
async function migrated(guest: Guest): Promise<void> {
  const status = await new Promise<string>((resolve, reject) => {
    const abort = () => reject(reasonOf(guest.signal));
    guest.signal.addEventListener('abort', abort, { once: true });
    const off = guest.qemu.qmp.onEvent(({ name, data }) => {
      if (name !== 'MIGRATION' || (data['status'] !== 'completed' && data['status'] !== 'failed')) return;
      off();
      guest.signal.removeEventListener('abort', abort);
      resolve(data['status']);
    });
  });
  if (status === 'failed') throw notCarried();
}

/** It may fail while nobody waits for it yet. */
function watched(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined);
  return promise;
}

function notCarried(): CrashlabError {
  return new CrashlabError(
    'host',
    'TEMPLATE_BROKEN',
    'QEMU could not take over the state of a booted guest.',
    {
      advice: 'Remove the templates in the cache (crashlab cache clear), or boot each run anew with --fresh.',
    },
  );
}

async function isSound(folder: string): Promise<boolean> {
  try {
    const manifest = await readManifest(folder);
    const [state, memory] = await Promise.all([
      stat(path.join(folder, 'state')),
      stat(path.join(folder, 'memory')),
    ]);
    return state.size === manifest.stateBytes && memory.size === manifest.memoryBytes;
  } catch {
    return false;
  }
}

async function readManifest(folder: string): Promise<v.InferOutput<typeof Manifest>> {
  return v.parse(Manifest, JSON.parse(await readFile(path.join(folder, 'template.json'), 'utf8')));
}

/** A running clone keeps its memory file open: removing it here does it no harm. */
async function evictOld(): Promise<void> {
  const shelf = path.join(cacheRoot(), 'templates');
  const entries = await Promise.all(
    (await readdir(shelf))
      .filter((name) => !name.includes('.draft-'))
      .map(async (name) => ({ name, usedMs: (await stat(path.join(shelf, name))).mtimeMs })),
  );
  const old = entries.sort((a, b) => b.usedMs - a.usedMs).slice(KEPT - 1);
  for (const { name } of old) await rm(path.join(shelf, name), { recursive: true, force: true });
}
