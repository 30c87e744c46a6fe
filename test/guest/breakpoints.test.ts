import type { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Breakpoints } from '../../harness/guest/breakpoints.ts';
import { GdbStub } from '../../harness/machine/gdb.ts';
import { encodePacket } from '../../harness/machine/gdb-packets.ts';
import { Qmp } from '../../harness/machine/qmp.ts';
import { channelPair } from '../machine/peer.ts';

const PC = 16;
const FUNCTION = 0x1000n;
const ELSEWHERE = 0x2000n;

/** A stub of two vCPUs whose program counters and stops the test decides. */
class FakeStub {
  readonly asked: string[] = [];
  readonly pcs = new Map([
    [1, ELSEWHERE],
    [2, ELSEWHERE],
  ]);
  runs = false;
  /** What a step does to a vCPU's program counter; the first time nothing, after a stop that was told twice. */
  steps: bigint[] = [];
  private readonly peer: Duplex;
  private current = 1;

  constructor(peer: Duplex) {
    this.peer = peer;
    peer.on('data', (bytes: Buffer) => {
      const text = bytes.toString('latin1');
      if (text.includes('\x03')) this.runs = false;
      for (const [, command = ''] of text.matchAll(/\$([^#]*)#/g)) this.answer(command);
    });
  }

  stop(vcpu: number): void {
    this.runs = false;
    this.peer.write(encodePacket(`T05thread:0${vcpu};`));
  }

  private answer(command: string): void {
    this.asked.push(command);
    const reply = (text: string) => this.peer.write(encodePacket(text));
    if (command === 'c') this.runs = true;
    else if (command === 'vAttach;1') this.stop(1);
    else if (command.startsWith('vCont;s:')) {
      const vcpu = Number(command.slice(8));
      this.pcs.set(vcpu, this.steps.shift() ?? 0n);
      this.stop(vcpu);
    } else if (command.startsWith('Hg')) {
      this.current = Number(command.slice(2));
      reply('OK');
    } else if (command === 'p10') {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(this.pcs.get(this.current) ?? 0n);
      reply(bytes.toString('hex'));
    } else if (command === 'D') {
      this.runs = true;
      reply('OK');
    } else reply(command === 'qAttached' ? '1' : 'OK');
  }
}

function connect() {
  const [ours, peer] = channelPair();
  const [qmpOurs, qmpPeer] = channelPair();
  const commands: string[] = [];
  qmpPeer.on('data', (bytes: Buffer) => commands.push(bytes.toString('latin1')));
  const stub = new FakeStub(peer);
  const qmp = new Qmp(qmpOurs);
  const gdb = new GdbStub(ours);
  const signal = new AbortController().signal;
  return { stub, qmp, commands, breakpoints: new Breakpoints({ gdb, qmp }, { signal, vcpus: 2, pc: PC }) };
}

const goOn = () => Promise.resolve('moved' as const);

/** Lets everything happen that can. */
const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe('the owner of the stub', () => {
  test('does not move a vCPU that is elsewhere: a stop may be told twice', async () => {
    const { stub, breakpoints } = connect();
    let hits = 0;
    await breakpoints.halted(({ set }) =>
      set(FUNCTION, () => {
        hits += 1;
        return Promise.resolve('moved');
      }),
    );
    await settle();
    stub.pcs.set(2, FUNCTION);
    stub.stop(2);
    await settle();
    expect([hits, stub.runs]).toEqual([1, true]);
    stub.pcs.set(2, ELSEWHERE);
    stub.stop(2);
    await settle();
    expect([hits, stub.runs]).toEqual([1, true]);
  });

  test('steps until the vCPU has left the breakpoint, which is there again before the guest goes on', async () => {
    const { stub, breakpoints } = connect();
    await breakpoints.halted(({ set }) => set(FUNCTION, () => Promise.resolve('pass')));
    await settle();
    stub.pcs.set(1, FUNCTION);
    stub.steps = [FUNCTION, FUNCTION + 5n];
    stub.asked.length = 0;
    stub.stop(1);
    await settle();
    expect(stub.asked.filter((command) => /^[zZc]|^vCont/.test(command))).toEqual([
      'z1,1000,1',
      'vCont;s:1',
      'vCont;s:1',
      'Z1,1000,1',
      'c',
    ]);
  });

  test('keeps a guest that QMP stopped until QMP lets it go on, hits or not', async () => {
    const { stub, qmp, commands, breakpoints } = connect();
    await breakpoints.halted(({ set }) => set(FUNCTION, () => Promise.resolve('moved')));
    await settle();
    stub.pcs.set(1, FUNCTION);
    stub.stop(1);
    await qmp.execute('stop');
    await settle();
    expect(stub.runs).toBe(false);
    await breakpoints.halted(() => Promise.resolve());
    await settle();
    expect(stub.runs).toBe(false);
    await qmp.execute('cont');
    await settle();
    expect(stub.runs).toBe(true);
    expect(commands.join('')).not.toMatch(/"stop"|"cont"/);
  });

  test('gives QMP its commands back when nobody wants breakpoints any more', async () => {
    const { stub, qmp, commands, breakpoints } = connect();
    const clear = await breakpoints.halted(({ set }) => set(FUNCTION, () => Promise.resolve('moved')));
    await breakpoints.halted(clear);
    await settle();
    expect(stub.asked.at(-1)).toBe('D');
    void qmp.execute('stop');
    await settle();
    expect(commands.join('')).toContain('"stop"');
  });

  test('lets nobody wait where somebody waits, nor take away what is not his', async () => {
    const { stub, breakpoints } = connect();
    const first = await breakpoints.halted(({ set }) => set(FUNCTION, goOn));
    await expect(breakpoints.halted(({ set }) => set(FUNCTION, goOn))).rejects.toMatchObject({
      code: 'BREAKPOINT_TAKEN',
    });
    await breakpoints.halted(first);
    await breakpoints.halted(({ set }) => set(FUNCTION, () => Promise.resolve('pass')));
    await breakpoints.halted(first);
    await settle();
    expect(stub.asked.filter((command) => command.startsWith('z'))).toEqual(['z1,1000,1']);
  });

  test('tells everybody when the stub is gone', async () => {
    const [ours, peer] = channelPair();
    const gdb = new GdbStub(ours);
    const { signal } = new AbortController();
    const breakpoints = new Breakpoints(
      { gdb, qmp: new Qmp(channelPair()[0]) },
      { signal, vcpus: 1, pc: PC },
    );
    const work = breakpoints.halted(() => Promise.resolve());
    peer.destroy();
    await expect(work).rejects.toMatchObject({ code: 'QEMU_GONE' });
    await expect(breakpoints.halted(() => Promise.resolve())).rejects.toMatchObject({ code: 'QEMU_GONE' });
  });
});
