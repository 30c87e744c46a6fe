import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { Listener } from '../../../harness/field/listen/listener.ts';
import type { Batch } from '../../../harness/field/listen/thread-messages.ts';

/** The thread is a file of the built program. */
async function builtListener() {
  const file = new URL('../../../dist/harness/field/listen/listener.js', import.meta.url);
  const { Listener: built }: { Listener: typeof Listener } = await import(file.href);
  return built;
}

const textsOf = ({ bytes, lengths, senders }: Batch) => {
  let at = 0;
  return [...lengths].map((length, index) => {
    const text = Buffer.from(bytes.subarray(at, (at += length))).toString();
    return { text, sender: senders[index] ?? 0 };
  });
};

test('a flood waits on the disk, in order, and nobody else waits for it', { timeout: 60_000 }, async () => {
  const FLOOD = 60_000;
  const Built = await builtListener();
  const heard: { text: string; sender: number }[] = [];
  const undone: (() => void)[] = [];
  let holds = true;
  const arrived = new EventTarget();
  const listener = await Built.open([{ address: '127.0.0.1', port: 0 }], {
    onSender: () => undefined,
    onBatch: (batch, done) => {
      heard.push(...textsOf(batch));
      if (holds) undone.push(done);
      else done();
      arrived.dispatchEvent(new Event('batch'));
    },
    onFailure: (error) => expect.unreachable(error.message),
  });
  const port = listener.places[0]?.port ?? 0;
  const [one, other] = [createSocket('udp4'), createSocket('udp4')];
  const send = (socket: typeof one, text: string) =>
    new Promise((resolve) => socket.send(text, port, '127.0.0.1', resolve));
  for (let number = 0; number < FLOOD; number += 1) await send(one, `${number}`.padEnd(200, '.'));
  // What is handed over and not dealt with has a bound: the rest of it is on the disk.
  expect(heard.length).toBeLessThan(FLOOD / 2);
  await send(other, 'me too');
  while (!heard.some(({ text }) => text === 'me too')) await once(arrived, 'batch');
  expect(heard.length).toBeLessThan(FLOOD / 2);

  holds = false;
  for (const done of undone) done();
  const { kernel, crowdedOut } = await listener.lostOnHost();
  await listener[Symbol.asyncDispose]();
  for (const socket of [one, other]) socket.close();
  const numbers = heard.filter(({ text }) => text !== 'me too').map(({ text }) => parseInt(text, 10));
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect([numbers.length + kernel, crowdedOut]).toEqual([FLOOD, 0]);
  expect(listener.thrownAway(0)).toBe(0);
});
