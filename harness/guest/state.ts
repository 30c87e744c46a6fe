import { stat } from 'node:fs/promises';
import pRetry from 'p-retry';
import { CrashlabError } from '../host/error.ts';
import { DESCRIPTORS } from '../machine/arguments.ts';
import { type Guest, reasonOf } from './guest.ts';
import { drain, untilQuiet } from './quiet.ts';
import { untilWired } from './wired.ts';

const SAVE_TRIES = 500;
const SAVE_PAUSE_MS = 10;
const SETTLE_MS = 300;

/**
 * Stops a guest in a quiet moment, and writes its devices' state to a file; its RAM stays in its own. Errors:
 * TEMPLATE_UNSAVED.
 */
export async function saveState(guest: Guest, state: string): Promise<void> {
  // What is still in the NIC's queue would be sent again by every clone.
  await untilQuiet(guest, SETTLE_MS, guest.signal);
  const { qmp } = guest.qemu;
  await qmp.execute('stop');
  await drain(guest);
  await qmp.execute('migrate-set-capabilities', { capabilities: CAPABILITIES });
  const saved = watched(migrated(guest, guest.signal, unsaved));
  const part = `${state}.part`;
  await qmp.execute('migrate', { uri: `exec:cat > ${quoted(part)} && mv ${quoted(part)} ${quoted(state)}` });
  await saved;
  // QEMU is through when all is in the pipe; the file is whole when it has its name.
  await pRetry(() => stat(state), { retries: SAVE_TRIES, minTimeout: SAVE_PAUSE_MS, factor: 1 });
}

/** The RAM stays in its file; `events` tells when the rest is through. */
const CAPABILITIES = [
  { capability: 'x-ignore-shared', state: true },
  { capability: 'events', state: true },
];

/** Lets a guest that waits for a state take it over from its descriptor, and run on. Errors: TEMPLATE_BROKEN. */
export async function restoreState(guest: Guest, folder: string, signal: AbortSignal): Promise<void> {
  const { qmp } = guest.qemu;
  const restored = watched(migrated(guest, signal, () => broken(folder)));
  await Promise.all([
    qmp.execute('migrate-set-capabilities', { capabilities: CAPABILITIES }),
    // A migrated NIC announces itself to the switches: five rounds of ARP from the guest’s own driver.
    qmp.execute('migrate-set-parameters', { 'announce-rounds': 0 }),
    qmp.execute('migrate-incoming', { uri: `fd:${DESCRIPTORS.state}` }),
  ]);
  await restored;
  await untilWired(guest, signal);
  await qmp.execute('cont');
}

/** Resolves when a migration, in or out, is through; rejects with `failure` when it failed, or when `signal` aborts. */
function migrated(guest: Guest, signal: AbortSignal, failure: () => CrashlabError): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      stopListening();
      signal.removeEventListener('abort', abort);
      settle();
    };
    const abort = () => finish(() => reject(reasonOf(signal)));
    const stopListening = guest.qemu.qmp.onEvent(({ name, data: { status } }) => {
      if (name !== 'MIGRATION') return;
      if (status === 'completed') finish(resolve);
      if (status === 'failed') finish(() => reject(failure()));
    });
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}

/** It may fail while nobody waits for it yet. */
function watched(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined);
  return promise;
}

/** TEMPLATE_BROKEN, of the template in `folder`. */
export function broken(folder: string, cause?: unknown): CrashlabError {
  const words = cause instanceof Error ? ` ${cause.message}` : '';
  return new CrashlabError(
    'host',
    'TEMPLATE_BROKEN',
    `QEMU could not take over the state of a booted guest.${words}`,
    {
      advice: `Run it again: a damaged template is found and booted anew. If it stays, delete ${folder}, or use --fresh.`,
      cause,
    },
  );
}

/** TEMPLATE_UNSAVED: nothing of it is kept, and without a template every run can boot a guest of its own. */
export function unsaved(): CrashlabError {
  return new CrashlabError(
    'host',
    'TEMPLATE_UNSAVED',
    'QEMU could not save the state of a booted guest, so that no run can start from it.',
    { advice: 'Use --fresh: each run then boots a guest of its own.' },
  );
}

function quoted(name: string): string {
  return `'${name.replaceAll("'", String.raw`'\''`)}'`;
}
