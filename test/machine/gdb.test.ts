import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { GdbStub } from '../../harness/machine/gdb.ts';
import { encodePacket } from '../../harness/machine/gdb-packets.ts';
import { channelPair } from './peer.ts';

/** A stub that answers as the table says; what is not in it gets no answer. */
function connect(
  answers: Record<string, string[]>,
  options: { answerMs?: number } = {},
): { gdb: GdbStub; peer: Duplex; asked: string[]; written: string[] } {
  const [ours, peer] = channelPair();
  const asked: string[] = [];
  const written: string[] = [];
  peer.on('data', (bytes: Buffer) => {
    written.push(bytes.toString('latin1'));
    for (const [, command = ''] of bytes.toString('latin1').matchAll(/\$([^#]*)#/g)) {
      asked.push(command);
      for (const answer of answers[command] ?? []) peer.write(encodePacket(answer));
    }
  });
  return { gdb: new GdbStub(ours, options), peer, asked, written };
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
  expect(await stop).toEqual({ vcpu: 2, trapped: true });
});

test.each([
  ['T05thread:0a;', 10],
  ['T05thread:p01.03;', 3],
  ['S05', 1],
])('the vCPU of "%s" is %i', async (reply, vcpu) => {
  const { gdb } = connect({ qAttached: ['1'], c: [reply] });
  await gdb.halt();
  expect(await gdb.runUntilStop(new AbortController().signal)).toEqual({ vcpu, trapped: true });
});

test('a stop that is no breakpoint says so', async () => {
  const { gdb } = connect({ qAttached: ['1'], c: ['T03thread:01;'] });
  await gdb.halt();
  expect(await gdb.runUntilStop(new AbortController().signal)).toEqual({ vcpu: 1, trapped: false });
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

test('the guest may be let go before the answers are there, and nothing is sent after that', async () => {
  const { gdb, peer, written } = connect({ qAttached: ['1'] });
  await gdb.halt();
  const writing = gdb.writeRegisters(2, [[16, 0xffff_ffff_8100_0000n]]);
  const stop = gdb.runUntilStop(new AbortController().signal);
  for (const answer of ['l<', 'OK', 'OK', 'T05thread:02;']) peer.write(encodePacket(answer));
  await writing;
  expect(await stop).toEqual({ vcpu: 2, trapped: true });
  expect(written.join('')).toBe(
    ['+\x03', 'qAttached', 'qXfer:features:read:target.xml:0,1', 'Hg2', 'P10=00000081ffffffff', 'c']
      .map((text, at) => (at === 0 ? text : encodePacket(text)))
      .join(''),
  );
});

test('one vCPU makes one step', async () => {
  const { gdb, asked } = connect({ qAttached: ['1'], 'vCont;s:a': ['T05thread:0a;'] });
  await gdb.halt();
  expect(await gdb.step(10, new AbortController().signal)).toEqual({ vcpu: 10, trapped: true });
  expect(asked).toEqual(['qAttached', 'vCont;s:a']);
});

test('a register may be shorter than eight bytes', async () => {
  const { gdb } = connect({
    qAttached: ['1'],
    'qXfer:features:read:target.xml:0,1': ['l<'],
    Hg1: ['OK'],
    p11: ['46020000'],
  });
  await gdb.halt();
  expect(await gdb.readRegister(17, 1)).toBe(0x246n);
});

test('a signal that is aborted already lets nothing run', async () => {
  const { gdb, asked } = connect({ qAttached: ['1'] });
  await gdb.halt();
  expect(await gdb.runUntilStop(AbortSignal.abort())).toBeNull();
  expect(asked).toEqual(['qAttached']);
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
