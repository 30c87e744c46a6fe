import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { encodeFrame, FrameReader } from '../../harness/wire/framing.ts';
import { joinAll } from '../../harness/wire/network-order.ts';
import { CaptureReader } from '../../harness/wire/capture-reader.ts';
import { missing } from './programs.ts';
import { arpRequest, ping, ping6, solicitation } from './requests.ts';

const PROGRAM = 'qemu-system-x86_64';

test('frames go through a real QEMU and are the same behind it and in its dump', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'crashlab-qemu-'));
  try {
    const dump = path.join(folder, 'dump.pcap');
    const sent = [arpRequest(), solicitation(), ping(), ping6(), ping({ text: 'x'.repeat(1400) })];
    expect(await throughQemu(sent, dump)).toEqual(sent);
    const reader = new CaptureReader();
    const frames = reader.take(new Uint8Array(await readFile(dump)));
    reader.finish();
    expect(frames.map(({ bytes }) => bytes)).toEqual(sent);
    expect(reader.problem).toBeNull();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** A machine without a processor, whose hub joins two sockets. */
async function throughQemu(sent: readonly Uint8Array[], dump: string): Promise<Uint8Array[]> {
  const machine = ['-M', 'none', '-nodefaults', '-display', 'none'];
  // `stream` connects in its own time, and a hub drops what comes before; `socket` is there from the start.
  const near = [
    '-netdev',
    'stream,id=near,addr.type=fd,addr.str=3',
    '-netdev',
    'hubport,id=n,hubid=0,netdev=near',
  ];
  const far = ['-netdev', 'socket,id=far,fd=4', '-netdev', 'hubport,id=f,hubid=0,netdev=far'];
  const filter = ['-object', `filter-dump,id=dump,netdev=far,file=${dump}`];
  const qemu = spawn(PROGRAM, [...machine, ...near, ...far, ...filter], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  await once(qemu, 'spawn').catch((error: unknown) => {
    throw new Error(missing(PROGRAM), { cause: error });
  });
  const ended = once(qemu, 'exit');
  try {
    const [input, output] = [qemu.stdio[3], qemu.stdio[4]];
    if (!(input instanceof Duplex) || !(output instanceof Duplex)) throw new Error('no sockets to QEMU');
    input.write(joinAll(sent.map((frame) => encodeFrame(frame))));
    return await readFrames(output, sent.length);
  } finally {
    qemu.kill('SIGKILL');
    await ended;
  }
}

async function readFrames(output: Duplex, count: number): Promise<Uint8Array[]> {
  const reader = new FrameReader();
  const frames: Uint8Array[] = [];
  for await (const chunk of output) {
    const read = reader.push(chunk);
    expect(read.failure).toBeNull();
    frames.push(...read.frames);
    if (frames.length >= count) break;
  }
  return frames;
}
