// The thread that drains the sockets and does nothing else: nothing is parsed here, and nothing waits. Each datagram is
// copied into a batch, and a batch is handed over as soon as the sockets have nothing more.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { nowMs } from './clock.ts';
import {
  type Batch,
  type FromThread,
  IDLE_MS,
  MOST_SENDERS,
  MOST_WAITING,
  type Place,
  SHARED,
  type ThreadData,
} from './thread-messages.ts';

const MOST_TURNS = 1000;
const BATCH = { datagrams: 1024, bytes: 256 * 1024 };
/** More than any host gives: it gives what it may. */
const RECEIVE_BUFFER = 64 << 20;

const { places, shared }: ThreadData = workerData;
const counts = new Int32Array(shared);
const numbers = new Map<string, number>();
const lastMs = new Float64Array(MOST_SENDERS);
const keys: string[] = [];

let bytes = new Uint8Array(BATCH.bytes);
let lengths = new Uint32Array(BATCH.datagrams);
let senders = new Uint16Array(BATCH.datagrams);
let times = new Float64Array(BATCH.datagrams);
let count = 0;
let used = 0;
let planned = false;
/** Datagrams so far. */
let received = 0;

function tell(message: FromThread, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function handOver(): void {
  planned = false;
  if (count === 0) return;
  const batch: Batch = {
    bytes: bytes.subarray(0, used),
    lengths: lengths.subarray(0, count),
    senders: senders.subarray(0, count),
    times: times.subarray(0, count),
  };
  tell({ type: 'batch', batch }, [bytes.buffer, lengths.buffer, senders.buffer, times.buffer]);
  bytes = new Uint8Array(BATCH.bytes);
  lengths = new Uint32Array(BATCH.datagrams);
  senders = new Uint16Array(BATCH.datagrams);
  times = new Float64Array(BATCH.datagrams);
  count = 0;
  used = 0;
}

function receive(payload: Uint8Array, { address, port }: RemoteInfo): void {
  received += 1;
  const atMs = nowMs();
  const number = numberOf(address, port, atMs);
  if (number === undefined) {
    Atomics.add(counts, SHARED.crowdedOut, 1);
    return;
  }
  lastMs[number] = atMs;
  const { length } = payload;
  const own = SHARED.senders + 2 * number;
  if (
    Atomics.load(counts, SHARED.waiting) + length > MOST_WAITING.all ||
    Atomics.load(counts, own) + length > MOST_WAITING.sender
  ) {
    Atomics.add(counts, own + 1, 1);
    return;
  }
  Atomics.add(counts, SHARED.waiting, length);
  Atomics.add(counts, own, length);
  if (used + length > bytes.length || count === BATCH.datagrams) handOver();
  bytes.set(payload, used);
  lengths[count] = length;
  senders[count] = number;
  times[count] = atMs;
  count += 1;
  used += length;
  if (planned) return;
  planned = true;
  setImmediate(handOver);
}

/** The number of a sender, a new one where it has none; undefined when all are taken by senders that are not silent. */
function numberOf(address: string, port: number, atMs: number): number | undefined {
  const key = `${port} ${address}`;
  const known = numbers.get(key);
  if (known !== undefined) return known;
  const number = keys.length < MOST_SENDERS ? keys.length : longestSilent(atMs);
  if (number === undefined) return undefined;
  // What the sender before it said comes first.
  handOver();
  numbers.delete(keys[number] ?? '');
  numbers.set(key, number);
  keys[number] = key;
  Atomics.store(counts, SHARED.senders + 2 * number + 1, 0);
  tell({ type: 'sender', number, name: { address, port } });
  return number;
}

function longestSilent(atMs: number): number | undefined {
  let number = 0;
  for (let other = 1; other < MOST_SENDERS; other += 1) {
    if ((lastMs[other] ?? 0) < (lastMs[number] ?? 0)) number = other;
  }
  return atMs - (lastMs[number] ?? 0) >= IDLE_MS ? number : undefined;
}

function open(place: Place): Promise<Socket> {
  const socket = isIPv6(place.address)
    ? createSocket({ type: 'udp6', ipv6Only: true })
    : createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => reject(Object.assign(error, { place })));
    socket.bind(place.port, place.address, () => {
      socket.setRecvBufferSize(RECEIVE_BUFFER);
      socket.on('message', receive);
      resolve(socket);
    });
  });
}

/** What has come is read first, as long as more comes in each turn: but not for ever, where somebody floods. */
async function close(sockets: readonly Socket[]): Promise<void> {
  for (let turn = 0, before = -1; before !== received && turn < MOST_TURNS; turn += 1) {
    before = received;
    await nextTurn();
    await nextTurn();
  }
  handOver();
  for (const socket of sockets) socket.close();
  parentPort?.close();
}

function placeOf(socket: Socket): Place {
  const { address, port } = socket.address();
  return { address, port };
}

async function start(): Promise<void> {
  const sockets: Socket[] = [];
  for (const place of places) {
    try {
      sockets.push(await open(place));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      const message = error instanceof Error ? error.message : String(error);
      for (const socket of sockets) socket.close();
      tell({ type: 'failed', place, code, message });
      return;
    }
  }
  parentPort?.on('message', () => void close(sockets));
  tell({ type: 'bound', places: sockets.map((socket) => placeOf(socket)) });
}

await start();
