import { reverse } from 'node:dns/promises';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { constants, getPriority, setPriority } from 'node:os';
import { firstOf, nowMs } from '../field/listen/clock.ts';
import { Listener, type ListenerEvents } from '../field/listen/listener.ts';
import { HostLosses } from '../field/listen/losses.ts';
import type { Rotation } from '../field/listen/log-file.ts';
import { makeLogFolder, Station, type StationEvent } from '../field/listen/station.ts';
import type { Place } from '../field/listen/thread-messages.ts';
import { CrashlabError } from '../host/error.ts';
import { renderEvent, renderEventJson } from '../report/listen.ts';
import { type LiveBefore, renderLive } from '../report/live.ts';
import { painter } from '../report/paint.ts';
import { LiveScreen } from './live-screen.ts';
import { OnCrash } from './on-crash.ts';
import type { Screen } from './screen.ts';

export interface ListenOptions {
  address: readonly string[];
  port: readonly number[];
  dir?: string;
  resolve: boolean;
  onCrash?: string;
  json: boolean;
  /** The lines of the logs are not shown. */
  quiet: boolean;
  /** MiB. */
  rotateSize: number;
  /** Hours. */
  rotateAge: number;
  keep: number;
}

const TICK_MS = 250;
/** How often the table is drawn and the kernel is asked what it dropped, in ticks. */
const SECOND = 4;
const HOUR_MS = 3_600_000;

/**
 * `crashlab listen`: machines that send with netconsole, until `signal` ends it. Returns 0. Errors: those of the sockets
 * and of the disk.
 */
export async function listenCommand(
  options: ListenOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<number> {
  const { dir = null, json } = options;
  const places = placesOf(options);
  if (options.onCrash !== undefined && dir === null) {
    throw new CrashlabError(
      'usage',
      'NO_LOG_FOLDER',
      '--on-crash gives the command a file: it needs a folder.',
      {
        advice: 'Say where: --dir LOGS.',
      },
    );
  }
  if (dir !== null) await makeLogFolder(dir);
  const failure = new AbortController();
  const onFailure = (error: unknown) => failure.abort(error);
  const live = process.stdout.isTTY && !json ? new LiveScreen(process.stdout) : null;
  const say = async (text: string) => {
    if (text === '') return;
    const taken = live ? live.say(text) : process.stdout.write(text);
    // Who reads us slowly slows us down; what comes meanwhile is bounded, and counted.
    if (!taken) await once(process.stdout, 'drain', { signal }).catch(() => undefined);
  };
  // What is noted on the way stands above the table as well.
  if (live) screen.note = (text) => void live.say(`${text}\n`);
  const onCrash = options.onCrash === undefined ? null : new OnCrash(options.onCrash, say);
  const onEvent = async (event: StationEvent) => {
    // On a terminal the table stands for what is in the files.
    const quiet = options.quiet || (live !== null && dir !== null);
    const shown = !(quiet && (event.type === 'text' || event.type === 'netconsole'));
    if (shown) await say(json ? renderEventJson(event) : renderEvent(event, screen));
    if ('crash' in event && event.file !== null) onCrash?.run(event.file);
  };
  const resolve = options.resolve ? nameOf : () => Promise.resolve(null);
  const station = new Station({
    dir,
    rotation: rotationOf(options),
    events: json && !options.quiet,
    resolve,
    onEvent,
    onFailure,
  });
  const events: ListenerEvents = {
    onSender: (number, name) => station.meet(number, name, nowMs()),
    onBatch: (batch, done) => station.take(batch, done),
    onFailure,
  };
  const threads = await ownThreads();
  const listener = await Listener.open(places, events, dir ?? undefined);
  giveWay(threads);
  for (const place of listener.places) await onEvent({ type: 'listening', ...place });
  const losses = new HostLosses();
  const look = async () => {
    const total = await listener.lostOnHost();
    const thrownAway = station.senders.map(({ number, label }) => ({
      label,
      count: listener.thrownAway(number),
    }));
    const lost = losses.since(total, thrownAway);
    if (lost) await onEvent({ type: 'lost-on-host', lost });
  };
  const draw = liveTable(station, live, screen);
  // A terminal that is closed ends what runs on it; a service is told so that its logs were moved away.
  const hangup = new AbortController();
  const onHangup = () => (process.stdout.isTTY ? hangup.abort() : station.reopen());
  process.on('SIGHUP', onHangup);
  let ticks = 0;
  const timer = setInterval(() => {
    station.advance(nowMs());
    ticks += 1;
    if (ticks % SECOND !== 0) return;
    look().catch(onFailure);
    draw();
  }, TICK_MS);
  try {
    await firstOf([signal, failure.signal, hangup.signal]);
  } finally {
    clearInterval(timer);
    process.off('SIGHUP', onHangup);
    if (failure.signal.aborted) {
      await listener.abandon();
    } else {
      await look();
      await listener[Symbol.asyncDispose]();
      await station.finish(nowMs());
    }
    draw();
    await onCrash?.finish();
  }
  if (failure.signal.aborted) throw failure.signal.reason;
  return 0;
}

/** The main thread and those that work for it; Linux knows a thread by a number like that of a process. */
async function ownThreads(): Promise<number[]> {
  return (await readdir('/proc/self/task').catch(() => [String(process.pid)])).map(Number);
}

/** The thread that drains the sockets, which is none of these, comes first. Nobody may go back up. */
function giveWay(threads: readonly number[]): void {
  const { PRIORITY_BELOW_NORMAL } = constants.priority;
  for (const thread of threads) {
    if (getPriority(thread) < PRIORITY_BELOW_NORMAL) setPriority(thread, PRIORITY_BELOW_NORMAL);
  }
}

function placesOf({ address, port }: ListenOptions): Place[] {
  for (const one of address) {
    if (isIP(one.replace(/%.*$/, '')) > 0) continue;
    throw new CrashlabError('usage', 'ADDRESS_UNKNOWN', `"${one}" is no address to listen on.`, {
      advice: 'Give one of this machine’s (ip addr shows them); 0.0.0.0 and :: are all of them.',
    });
  }
  return address.flatMap((one) => port.map((each) => ({ address: one, port: each })));
}

function rotationOf({ rotateSize, rotateAge, keep }: ListenOptions): Rotation {
  return { size: rotateSize * 1024 * 1024, age: rotateAge * HOUR_MS, keep };
}

/** Draws the table anew; nothing where there is no terminal. */
function liveTable(station: Station, live: LiveScreen | null, { colour }: Screen): () => void {
  let before: LiveBefore = { atMs: nowMs(), records: new Map() };
  return () => {
    if (!live) return;
    const { columns: width, rows: height } = process.stdout;
    const layout = { nowMs: nowMs(), width: width - 1, height: height - 1, paint: painter(colour) };
    const drawn = renderLive(station.senders, before, layout);
    before = drawn.before;
    live.draw(drawn.lines);
  };
}

async function nameOf(address: string): Promise<string | null> {
  const [name] = await reverse(address.replace(/%.*$/, ''));
  return name ?? null;
}
