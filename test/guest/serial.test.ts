import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SerialLog } from '../../harness/guest/serial.ts';
import { channelPair } from '../machine/peer.ts';

function connect(keptBytes?: number) {
  const [ours, guest] = channelPair();
  let told = 0;
  const log = new SerialLog(ours, () => (told += 1), keptBytes);
  return { log, say: (text: string) => guest.write(Buffer.from(text, 'latin1')), told: () => told };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('what was said is there from any place on, whatever pieces it came in', async () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary-ascii', minLength: 1 }),
    fc.integer({ min: 1, max: 90_000 }).map((length) => 'ab\xff\n'.repeat(length).slice(0, length)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), fc.nat(200_000), async (pieces, from) => {
      const { log, say } = connect();
      for (const one of pieces) say(one);
      await settled();
      const all = pieces.join('');
      expect(log.length).toBe(all.length);
      expect(log.text()).toBe(all);
      expect(log.text(from)).toBe(all.slice(from));
      expect(log.tail(from)).toBe(all.slice(Math.max(0, all.length - from)));
    }),
    { numRuns: 60 },
  );
});

/** Milliseconds for reading the end of a log that grows by a character, 1000 times. */
async function readingMs(pieces: number): Promise<number> {
  const { log, say } = connect();
  for (let at = 0; at < pieces; at++) say('x'.repeat(60_000));
  await settled();
  expect(log.length).toBe(pieces * 60_000);
  const startMs = performance.now();
  for (let at = 0; at < 1000; at++) {
    say('.');
    await settled();
    expect(log.tail(2048)).toHaveLength(2048);
  }
  return performance.now() - startMs;
}

test('the end of a long log is read as fast as that of a short one', async () => {
  const short = await readingMs(1);
  // A log read as a whole each time takes a hundred times as long.
  expect(await readingMs(200)).toBeLessThan(10 * short);
});

test('a flood is not kept for ever, and the log says that it is not whole', async () => {
  const { log, say, told } = connect(1000);
  for (let at = 0; at < 30; at++) say(`${at}`.padEnd(100));
  await settled();
  expect(log.failure).toContain('1000 bytes');
  expect(log.length).toBe(1000);
  expect(log.text()).toMatch(/^0 .*9 +$/s);
  say('more');
  await settled();
  expect(log.length).toBe(1000);
  expect(told()).toBeGreaterThan(0);
});

test('a log that is whole has no failure', async () => {
  const { log, say } = connect(10);
  say('0123456789');
  await settled();
  expect(log.failure).toBeNull();
});
