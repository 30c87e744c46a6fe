import type { Duplex } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CrashlabError } from '../../harness/host/error.ts';
import { Qmp, type QmpEvent } from '../../harness/machine/qmp.ts';
import { channelPair } from './peer.ts';

function connect(): { qmp: Qmp; peer: Duplex } {
  const [ours, peer] = channelPair();
  return { qmp: new Qmp(ours), peer };
}

test.each([
  ['no JSON', 'qemu: fatal error'],
  ['half a message', '{"return": {'],
  ['no message', '[]'],
  ['a message of another protocol', '{"jsonrpc": "2.0", "id": 2}'],
  ['an answer to nobody', '{"return": {}}'],
  ['an error for nobody', '{"error": {"class": "GenericError", "desc": "x"}}'],
  ['an error without words', '{"error": null, "id": 2}'],
  ['an event that is none', '{"event": 7}'],
  ['null', 'null'],
])('%s makes every command fail, and those after it', async (_, line) => {
  const { qmp, peer } = connect();
  const waiting = [qmp.execute('stop'), qmp.execute('cont')];
  peer.write(`${line}\n`);
  for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'QMP_GARBLED', blame: 'host' });
  await expect(qmp.execute('stop')).rejects.toMatchObject({ code: 'QMP_GARBLED' });
  await expect(qmp.garbled).resolves.toMatchObject({ code: 'QMP_GARBLED' });
});

test('a line that never ends is not kept for ever', async () => {
  const { qmp, peer } = connect();
  const waiting = qmp.execute('stop');
  for (let at = 0; at < 20; at++) peer.write('x'.repeat(65_536));
  await expect(waiting).rejects.toMatchObject({ code: 'QMP_GARBLED' });
});

test('whatever bytes come, a command that waits fails with our error or with its answer', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(fc.string(), fc.json()), { maxLength: 5 }), async (lines) => {
      const { qmp, peer } = connect();
      const waiting = qmp.execute('stop').catch((error: unknown) => error);
      for (const line of lines) peer.write(`${line}\n`);
      peer.destroy();
      expect(await waiting).toBeInstanceOf(CrashlabError);
    }),
    { numRuns: 200 },
  );
});

test('an answer cut anywhere is put together', async () => {
  const { qmp, peer } = connect();
  const waiting = qmp.execute('query-name');
  const line = Buffer.from('{"return": {"name": "ein Gäst"}, "id": 2}\n');
  for (const byte of line) peer.write(Buffer.from([byte]));
  expect(await waiting).toEqual({ name: 'ein Gäst' });
});

test('answers find their commands in any order, and events go to whoever listens', async () => {
  const { qmp, peer } = connect();
  const events: QmpEvent[] = [];
  const off = qmp.onEvent((event) => events.push(event));
  const [first, second] = [qmp.execute('one'), qmp.execute('two')];
  peer.write('{"return": "second", "id": 3}\n{"event": "STOP"}\n{"return": "first", "id": 2}\n');
  expect(await Promise.all([first, second])).toEqual(['first', 'second']);
  off();
  const third = qmp.execute('three');
  peer.write('{"event": "RESUME"}\n{"return": "third", "id": 4}\n');
  await third;
  expect(events).toEqual([{ name: 'STOP', data: {} }]);
});

test('a channel that closes is QEMU’s end, or what is known of it', async () => {
  const { qmp, peer } = connect();
  const waiting = qmp.execute('stop');
  peer.destroy();
  await expect(waiting).rejects.toMatchObject({ code: 'QEMU_GONE' });

  const [ours, theirs] = channelPair();
  const reason = new CrashlabError('host', 'QEMU_KILLED', 'killed');
  const told = new Qmp(ours, Promise.resolve(reason)).execute('stop');
  theirs.destroy();
  await expect(told).rejects.toBe(reason);
});
