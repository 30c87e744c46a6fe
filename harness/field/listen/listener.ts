import { readFile, readdir, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Worker } from 'node:worker_threads';
import { CrashlabError } from '../../host/error.ts';
import {
  type Batch,
  type FromThread,
  type Place,
  SHARED,
  SHARED_WORDS,
  type SenderName,
  type ThreadData,
  type ToThread,
} from './thread-messages.ts';

/** What a listener tells, in order. */
export interface ListenerEvents {
  /** From now on this number is that sender's. */
  onSender: (number: number, name: SenderName) => void;
  /** `done` when it is dealt with: until then it takes up room. */
  onBatch: (batch: Batch, done: () => void) => void;
  /** The sockets failed; nothing more will come. */
  onFailure: (error: CrashlabError) => void;
}

/** Datagrams that reached this host and not the listener. */
export interface LostOnHost {
  /** The kernel had no room for them: its receive buffers were full. */
  kernel: number;
  /** Too many senders at once. */
  crowdedOut: number;
}

/** UDP sockets that a thread of their own drains. */
export class Listener implements AsyncDisposable {
  /** Where it listens; a port of 0 has become a real one. */
  readonly places: readonly Place[];
  readonly #worker: Worker;
  readonly #counts: Int32Array;
  readonly #ended: Promise<void>;

  private constructor(worker: Worker, counts: Int32Array, places: Place[]) {
    this.#worker = worker;
    this.#counts = counts;
    this.places = places;
    this.#ended = new Promise((resolve) => worker.once('exit', () => resolve()));
  }

  /** `spoolFolder`: where a flood may wait on the disk. Errors: ADDRESS_IN_USE, ADDRESS_REFUSED, ADDRESS_UNKNOWN. */
  static async open(
    places: readonly Place[],
    events: ListenerEvents,
    spoolFolder = tmpdir(),
  ): Promise<Listener> {
    const shared = new SharedArrayBuffer(SHARED_WORDS * Int32Array.BYTES_PER_ELEMENT);
    const counts = new Int32Array(shared);
    const data: ThreadData = { places: [...places], shared, spoolFolder };
    const worker = new Worker(new URL('./socket-thread.js', import.meta.url), { workerData: data });
    const bound = await new Promise<Place[]>((resolve, reject) => {
      worker.on('error', (error) => {
        const failure = threadFailed(error);
        reject(failure);
        events.onFailure(failure);
      });
      worker.on('message', (message: FromThread) => {
        switch (message.type) {
          case 'bound':
            resolve(message.places);
            break;
          case 'failed':
            reject(notBound(message));
            break;
          case 'sender':
            events.onSender(message.number, message.name);
            break;
          case 'batch':
            events.onBatch(message.batch, () => giveBack(counts, message.batch));
        }
      });
    });
    return new Listener(worker, counts, bound);
  }

  /** Datagrams of a sender that were thrown away because what came before them was not written yet. */
  thrownAway(number: number): number {
    return Atomics.load(this.#counts, SHARED.senders + 2 * number + 1);
  }

  async lostOnHost(): Promise<LostOnHost> {
    return { kernel: await kernelDrops(), crowdedOut: Atomics.load(this.#counts, SHARED.crowdedOut) };
  }

  /** Ends it at once: what has come and is not told is lost. */
  async abandon(): Promise<void> {
    await this.#worker.terminate();
  }

  /** Everything that has come is told before this resolves: what waits on the disk only goes on as batches are done. */
  async [Symbol.asyncDispose](): Promise<void> {
    const close: ToThread = { type: 'close' };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(close);
    await this.#ended;
  }
}

/** What a batch took up is free again. */
function giveBack(counts: Int32Array, { lengths, senders }: Batch): void {
  for (const [at, length] of lengths.entries()) {
    Atomics.sub(counts, SHARED.waiting, length);
    Atomics.sub(counts, SHARED.senders + 2 * (senders[at] ?? 0), length);
  }
}

/** What the kernel counts as dropped on this process's own UDP sockets: the last column of /proc/net/udp and udp6. */
async function kernelDrops(): Promise<number> {
  const own = await ownSockets();
  const tables = await Promise.all(
    ['/proc/net/udp', '/proc/net/udp6'].map((file) => readFile(file, 'latin1').catch(() => '')),
  );
  let drops = 0;
  for (const line of tables.join('').split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (own.has(columns[9] ?? '')) drops += Number(columns[12] ?? 0);
  }
  return drops;
}

async function ownSockets(): Promise<Set<string>> {
  const descriptors = await readdir('/proc/self/fd').catch(() => []);
  const targets = await Promise.all(
    descriptors.map((descriptor) => readlink(`/proc/self/fd/${descriptor}`).catch(() => '')),
  );
  return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
}

function notBound({ place, code, message }: Extract<FromThread, { type: 'failed' }>): CrashlabError {
  const where = `${place.address} port ${place.port}`;
  switch (code) {
    case 'EADDRINUSE':
      return new CrashlabError('host', 'ADDRESS_IN_USE', `Somebody else listens on ${where} already.`, {
        advice: `ss -ulnp 'sport = ${place.port}' says who; or take another --port.`,
      });
    case 'EACCES':
      return new CrashlabError('host', 'ADDRESS_REFUSED', `This user may not listen on ${where}.`, {
        advice: 'Ports below 1024 need root or CAP_NET_BIND_SERVICE: take a higher --port.',
      });
    case 'EADDRNOTAVAIL':
    case 'EINVAL':
    case 'EAFNOSUPPORT':
      return new CrashlabError('usage', 'ADDRESS_UNKNOWN', `This machine has no address ${place.address}.`, {
        advice: '0.0.0.0 and :: are all addresses that it has; ip addr shows them.',
      });
    default:
      return new CrashlabError('host', 'ADDRESS_REFUSED', `Listening on ${where} failed: ${message}.`);
  }
}

function threadFailed(error: unknown): CrashlabError {
  return new CrashlabError(
    'lab',
    'LISTENER_FAILED',
    `The thread that reads the sockets failed: ${String(error)}`,
  );
}
