import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { GdbStub } from '../../harness/machine/gdb.ts';
import { encodePacket } from '../../harness/machine/gdb-packets.ts';
import { channelPair } from './peer.ts';

/** A stub that answers as the table says; what is not in it gets no answer. */
function connect(
  answers: Record<string, string[]>,
  options: { answerMs?: number } = {},
): { gdb: GdbStub; peer: Duplex; asked: string[] } {
  const [ours, peer] = channelPair();
  const asked: string[] = [];
  peer.on('data', (bytes: Buffer) => {
    for (const [, command = ''] of bytes.toString('latin1').matchAll(/\$([^#]*)#/g)) {
      asked.push(command);
      for (const answer of answers[command] ?? []) peer.write(encodePacket(answer));
    }
  });
  return { gdb: new GdbStub(ours, options), peer, asked };
}

test('a stop reply before the answer is not the answer', async () => {
  const { gdb } = connect({ qAttached: ['T02thread:01;', '1'], 'm10,2': ['T05thread:01;', 'beef'] });
  await gdb.halt();
  expect(await gdb.readMemory(0x10n, 2)).toEqual(Uint8Array.of(0xbe, 0xef));
});

test('a stop reply from before is not the stop that is waited for', async () => {
  const { gdb, peer } = connect({ qAttached: ['1'] });
  await gdb.halt();
  peer.write(encodePacket('T02thread:01;'));
  await turn();
  const stop = gdb.runUntilStop(new AbortController().signal);
  let stopped = false;
  void stop.then(() => (stopped = true));
  await turn();
  expect(stopped).toBe(false);
  peer.write(encodePacket('T05thread:02;'));
  expect(await stop).toBe(2);
});

test.each([
  ['T05thread:0a;', 10],
  ['T05thread:p01.03;', 3],
  ['S05', 1],
])('the vCPU of "%s" is %i', async (reply, vcpu) => {
  const { gdb } = connect({ qAttached: ['1'], c: [reply] });
  await gdb.halt();
  expect(await gdb.runUntilStop(new AbortController().signal)).toBe(vcpu);
});

test('the list of vCPUs may come in pieces', async () => {
  const { gdb } = connect({ qAttached: ['1'], qfThreadInfo: ['m01,02'], qsThreadInfo: ['l'] });
  await gdb.halt();
  expect(await gdb.vcpus()).toEqual([1, 2]);
});

test('a stub that never answers is given up, for good', async () => {
  const { gdb } = connect({}, { answerMs: 20 });
  await expect(gdb.halt()).rejects.toMatchObject({ code: 'GDB_SILENT', blame: 'host' });
  await expect(gdb.readMemory(0n, 1)).rejects.toMatchObject({ code: 'GDB_SILENT' });
});

test('a stub that makes no sense is given up', async () => {
  const { gdb, peer } = connect({});
  const halted = gdb.halt();
  peer.write('$1#00');
  await expect(halted).rejects.toMatchObject({ code: 'GDB_GARBLED' });
});

test('nothing is asked of a running guest: any byte would stop it', async () => {
  const { gdb, asked } = connect({ qAttached: ['1'] });
  await expect(gdb.readMemory(0n, 1)).rejects.toMatchObject({ code: 'GDB_WRONG_TIME', blame: 'lab' });
  await expect(gdb.detach()).rejects.toMatchObject({ code: 'GDB_WRONG_TIME' });
  expect(asked).toEqual([]);
});

test('nothing lets the guest run while an answer is due: its acknowledgement would stop it again', async () => {
  const { gdb, asked, peer } = connect({ qAttached: ['1'] });
  await gdb.halt();
  const memory = gdb.readMemory(0n, 1);
  await expect(gdb.runUntilStop(new AbortController().signal)).rejects.toMatchObject({
    code: 'GDB_WRONG_TIME',
  });
  peer.write(encodePacket('00'));
  await memory;
  expect(asked).toEqual(['qAttached', 'm0,1']);
});

test('a signal that is aborted already lets nothing run', async () => {
  const { gdb, asked } = connect({ qAttached: ['1'] });
  await gdb.halt();
  expect(await gdb.runUntilStop(AbortSignal.abort())).toBeNull();
  expect(asked).toEqual(['qAttached']);
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
