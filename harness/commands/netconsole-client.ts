import { isIPv4 } from 'node:net';
import { firstOf, nowMs } from '../field/listen/clock.ts';
import { Listener } from '../field/listen/listener.ts';
import { Station } from '../field/listen/station.ts';
import { CrashlabError } from '../host/error.ts';
import { ipv4Of } from '../netconsole/address.ts';
import type { Screen } from './screen.ts';

const KEYS = ['-server', '-client', '-port'] as const;
const TICK_MS = 250;

/** What the announcement's client was told. */
export interface ClientOptions {
  /** Whose messages are shown. */
  server: string;
  /** The address of this machine that they are sent to. */
  client: string;
  port: number;
}

/**
 * The command line of the netconsole-client of 2001: `-server IP -client IP -port N`. Addresses with dots or as one
 * number, as its users wrote them. Errors: CLIENT_USAGE.
 */
export function parseClient(words: readonly string[]): ClientOptions {
  const given = new Map<string, string>();
  for (let at = 0; at < words.length; at += 2) {
    const [key = '', value] = words.slice(at, at + 2);
    if (!KEYS.some((one) => one === key)) throw wrong(`"${key}" is none of ${KEYS.join(', ')}.`);
    if (value === undefined) throw wrong(`${key} has no value.`);
    given.set(key, value);
  }
  const missing = KEYS.filter((key) => !given.has(key));
  if (missing.length > 0) throw wrong(`There is no ${missing.join(', and no ')}.`);
  const port = given.get('-port') ?? '';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw wrong(`-port ${port} is no port from 0 to 65535.`);
  return {
    server: address('-server', given.get('-server') ?? ''),
    client: address('-client', given.get('-client') ?? ''),
    port: Number(port),
  };
}

function address(key: string, text: string): string {
  if (isIPv4(text)) return text;
  const number = /^0x[\da-f]{1,8}$/i.test(text) ? Number(text) : null;
  if (number === null) throw wrong(`${key} ${text} is no IPv4 address, with dots or as 0x0a000705.`);
  return ipv4Of(number);
}

function wrong(message: string): CrashlabError {
  return new CrashlabError('usage', 'CLIENT_USAGE', message, {
    advice: 'crashlab netconsole-client -server 10.0.7.5 -client 10.0.7.1 -port 6666',
  });
}

/** Shows what one machine sends, as the client of 2001 did, until `signal` ends it. Returns 0. Errors: the sockets'. */
export async function clientCommand(
  words: readonly string[],
  screen: Pick<Screen, 'stdout'>,
  signal: AbortSignal,
): Promise<number> {
  const { server, client, port } = parseClient(words);
  const failure = new AbortController();
  const onFailure = (error: unknown) => failure.abort(error);
  const station = new Station({
    dir: null,
    rotation: { size: Infinity, age: Infinity, keep: 0 },
    events: false,
    resolve: () => Promise.resolve(null),
    onEvent: (event) => {
      if (event.type === 'text') screen.stdout(event.text);
    },
    onFailure,
  });
  const listener = await Listener.open([{ address: client, port }], {
    onSender: (number, name) => {
      if (name.address === server) station.meet(number, name, nowMs());
    },
    onBatch: (batch, done) => station.take(batch, done),
    onFailure,
  });
  const [place] = listener.places;
  screen.stdout(`[...network console startup on ${place?.address} port ${place?.port}...]\n`);
  const timer = setInterval(() => station.advance(nowMs()), TICK_MS);
  try {
    await firstOf([signal, failure.signal]);
  } finally {
    clearInterval(timer);
    await listener[Symbol.asyncDispose]();
    await station.finish(nowMs());
  }
  if (failure.signal.aborted) throw failure.signal.reason;
  return 0;
}
