// The thread that drains the sockets and does nothing else: nothing is parsed here, and nothing waits. Each datagram is
// copied into a batch, and a batch is handed over after a few milliseconds, or when it is full; a flood waits on the disk.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { BatchBuilder } from './batch.ts';
import { nowMs } from './clock.ts';
import { Spool } from './spool.ts';
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
/** A datagram waits no longer for others: each batch that is handed over costs as much as some datagrams. */
const LONGEST_WAIT_MS = 5;
/** Share of the last moments: a thread that is busier than that has no time for what waits on the disk. */
const BUSY = 0.75;
const LOOKED_AT_MS = 100;
/** Share of the disk that a flood may fill before it is dealt with while it lasts. */
const PRESSING = 0.75;
/** More than any host gives: it gives what it may. */
const RECEIVE_BUFFER = 64 << 20;

const { places, shared, spoolFolder }: ThreadData = workerData;
const counts = new Int32Array(shared);
const numbers = new Map<string, number>();
const lastMs = new Float64Array(MOST_SENDERS);
const keys: string[] = [];
/** Whoever was heard last is, more often than not, heard next. */
let newest = { port: -1, address: '', number: 0 };

/** What is handed over at once. */
const direct = new BatchBuilder();
/** Of senders that bring more than is dealt with: theirs wait on the disk, and nobody else's. */
const flood = new BatchBuilder();
const flooding = new Set<number>();
const spool = new Spool(spoolFolder, MOST_WAITING.disk);
let planned = false;
/** Datagrams so far. */
let received = 0;
let use = performance.eventLoopUtilization();
let busy = false;

function tell(message: FromThread, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function post(batch: Batch): void {
  // Until it is dealt with it counts.
  for (const [at, length] of batch.lengths.entries()) {
    Atomics.add(counts, SHARED.senders + 2 * (batch.senders[at] ?? 0), length);
  }
  Atomics.add(counts, SHARED.waiting, batch.bytes.length);
  const parts = [batch.bytes, batch.lengths, batch.senders, batch.times];
  tell(
    { type: 'batch', batch },
    parts.flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : [])),
  );
}

function handOver(): void {
  if (!direct.empty) post(direct.take());
}

function spoolFlood(): void {
  if (flood.empty) return;
  const batch = flood.view();
  if (!spool.write(batch)) for (const number of batch.senders) throwAway(number);
  flood.clear();
}

/** What waits on the disk comes back as soon as what was handed over is dealt with. */
function readSpool(): void {
  while (!spool.empty && Atomics.load(counts, SHARED.waiting) < MOST_WAITING.sender) {
    const batch = spool.read();
    if (batch) post(batch);
  }
  if (spool.empty) flooding.clear();
}

const throwAway = (number: number) => void Atomics.add(counts, SHARED.senders + 2 * number + 1, 1);

function work(): void {
  planned = false;
  handOver();
  if (flooding.size === 0) return;
  spoolFlood();
  // As long as more comes than is taken in, the sockets have the CPU for themselves.
  if (!isBusy() || spool.bytes > PRESSING * MOST_WAITING.disk) readSpool();
  plan();
}

/** Whether it had hardly a moment with nothing to do, when it was last looked at. */
function isBusy(): boolean {
  const now = performance.eventLoopUtilization();
  const { idle, active, utilization } = performance.eventLoopUtilization(now, use);
  if (idle + active >= LOOKED_AT_MS) {
    busy = utilization > BUSY;
    use = now;
  }
  return busy;
}

function plan(): void {
  if (planned) return;
  planned = true;
  setTimeout(work, LONGEST_WAIT_MS);
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
  if (Atomics.load(counts, SHARED.senders + 2 * number) > MOST_WAITING.sender) flooding.add(number);
  plan();
  if (flooding.has(number)) {
    if (!flood.hasRoomFor(payload.length)) spoolFlood();
    flood.add(payload, number, atMs);
  } else if (Atomics.load(counts, SHARED.waiting) > MOST_WAITING.all) {
    throwAway(number);
  } else {
    if (!direct.hasRoomFor(payload.length)) handOver();
    direct.add(payload, number, atMs);
  }
}

/** The number of a sender, a new one where it has none; undefined when all are taken by senders that are not silent. */
function numberOf(address: string, port: number, atMs: number): number | undefined {
  if (port === newest.port && address === newest.address) return newest.number;
  const key = `${port} ${address}`;
  const known = numbers.get(key);
  if (known !== undefined) {
    newest = { port, address, number: known };
    return known;
  }
  const number = keys.length < MOST_SENDERS ? keys.length : longestSilent(atMs);
  if (number === undefined) return undefined;
  // What the sender before it said comes first.
  handOver();
  if (flooding.has(number)) return undefined;
  numbers.delete(keys[number] ?? '');
  newest = { port, address, number };
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
  for (let turn = 0, seen = -1; seen !== received && turn < MOST_TURNS; turn += 1) {
    seen = received;
    await nextTurn();
    await nextTurn();
  }
  handOver();
  for (const socket of sockets) socket.close();
  while (flooding.size > 0) {
    spoolFlood();
    readSpool();
    await sleep(LONGEST_WAIT_MS);
  }
  spool.close();
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
