import { readFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Guest } from '../guest/guest.ts';
import { type KernelView, unreadable } from '../guest/kernel-view.ts';
import { drain } from '../guest/quiet.ts';
import type { SerialMark } from '../guest/serial.ts';
import { CrashlabError } from '../host/error.ts';
import { hostError } from '../host/failure.ts';
import { flatten, machineArguments, renderCommand } from '../machine/arguments.ts';
import { buildLedger, type Ledger } from '../netconsole/ledger.ts';
import type { RingContent } from '../printk/records.ts';
import { readRing } from '../printk/ring.ts';
import { printedLines } from '../verdict/text.ts';
import { CaptureReader } from '../wire/capture-reader.ts';
import { clockMs } from '../wire/segment.ts';
import type { TimedFrame } from '../wire/timed-frame.ts';
import { decodeUdp } from '../wire/udp.ts';
import { renderCapture, renderFaults } from './capture.ts';
import { renderTimeline, type Timeline } from './timeline.ts';

/** Everything known of a guest at one moment, it being stopped. */
export interface Evidence {
  ring: RingContent;
  /** What the wire's witness has. */
  wire: Ledger;
  /** What left the guest, where that is not what the witness was given: `--wire udp`, or a wire with faults. */
  sent: Ledger | null;
  /** Where that was lost which left the guest and did not arrive. */
  lostBeyond?: 'lost on the host' | 'lost on the wire';
  serial: string;
  /** When the serial console came. */
  serialMarks: readonly SerialMark[];
  frames: TimedFrame[];
}

/** A guest that floods the wire is stopped in the middle: QEMU's own queue is empty in far less than this. */
const READ_AGAIN_MS = 2000;

/**
 * Stops the guest, reads what is on its way, and then its memory. A wire that is not being read is read again first:
 * a guest that is stopped would lose what QEMU holds for it. Frames that faults have only delayed count as delivered.
 * Errors: RING_UNREADABLE.
 */
export async function takeEvidence(guest: Guest, kernel: KernelView): Promise<Evidence> {
  const { segment } = guest;
  if (segment.paused) {
    segment.resume();
    const enoughMs = performance.now() + READ_AGAIN_MS;
    await drain(guest, () => performance.now() > enoughMs);
  }
  await guest.qemu.qmp.execute('stop');
  await drain(guest);
  refuseBrokenWitness(guest);
  const ring = await readRing(guest.memory, await kernel.vmcoreInfo(guest.memory));
  if ('failure' in ring) throw unreadable(ring.failure);
  const frames = guest.socket ? await dumpedFrames(guest) : segment.frames;
  const left = buildLedger(netconsoleDatagrams(frames, guest));
  return {
    ring,
    wire: guest.socket
      ? buildLedger(guest.socket.datagrams.map(({ timeNs, payload }) => ({ payload, atMs: clockMs(timeNs) })))
      : segment.faulty
        ? buildLedger(netconsoleDatagrams(segment.delivered, guest))
        : left,
    sent: guest.socket || segment.faulty ? left : null,
    lostBeyond: guest.socket ? 'lost on the host' : 'lost on the wire',
    serial: guest.serial.text(),
    serialMarks: guest.serial.marks,
    frames: [...frames],
  };
}

/** A witness that could not keep up or made no sense has not seen everything: it proves nothing. */
function refuseBrokenWitness({ segment, serial, socket }: Guest): void {
  const failure = segment.failure ?? serial.failure ?? socket?.failure ?? null;
  if (failure === null) return;
  throw new CrashlabError('guest', 'WITNESS_FAILED', `A witness of this run failed: ${failure}.`, {
    advice: 'What it saw until then is in the evidence; there is no verdict.',
  });
}

/** The guest's UDP datagrams to netconsole's port, with a checksum that holds. */
function* netconsoleDatagrams(
  frames: readonly TimedFrame[],
  guest: Guest,
): Generator<{ payload: Uint8Array; atMs: number }> {
  const port = guest.socket?.port ?? NETCONSOLE_PORT;
  for (const { direction, bytes, timeNs } of frames) {
    if (direction !== 'from guest') continue;
    const datagram = decodeUdp(bytes);
    if (datagram.kind !== 'udp' || datagram.destination.port !== port || datagram.checksum === 'bad')
      continue;
    yield { payload: datagram.payload, atMs: clockMs(timeNs) };
  }
}

const NETCONSOLE_PORT = 6666;

/** QEMU's own capture of a slirp wire. */
async function dumpedFrames(guest: Guest): Promise<TimedFrame[]> {
  const file = guest.specification.dump;
  if (!file) return [];
  const frames = new CaptureReader().take(new Uint8Array(await readFile(file)));
  const mac = guest.specification.addresses.mac;
  return frames.map(({ atMs, bytes }) => {
    const source = [...bytes.subarray(6, 12)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
    return {
      timeNs: BigInt(Math.round(atMs * 1000)) * 1000n,
      direction: source === mac ? 'from guest' : 'to guest',
      bytes,
    };
  });
}

/** Writes the evidence into a folder, each file in a format other tools read. */
export async function writeEvidence(
  folder: string,
  guest: Guest,
  evidence: Evidence | null,
  timeline: Timeline | null = null,
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const write = (name: string, content: string | Uint8Array) => writeFile(path.join(folder, name), content);
    await write('qemu-command.txt', commands(guest));
    await write('qmp-events.jsonl', guest.events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    await write('serial.log', Buffer.from(evidence?.serial ?? guest.serial.text(), 'latin1'));
    await write('wire.pcapng', renderCapture(evidence?.frames ?? guest.segment.frames, guest.segment));
    if (guest.segment.changes.length > 0) await write('wire-faults.jsonl', renderFaults(guest.segment));
    if (timeline) await write('timeline.jsonl', renderTimeline(timeline));
    if (!evidence) return;
    const { records } = evidence.ring;
    await write('ring.jsonl', records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    await write(
      'ring.txt',
      Buffer.from(records.flatMap((record) => printedLines(record)).join('\n') + '\n', 'latin1'),
    );
  } catch (error) {
    throw hostError(error, `writing the evidence to ${folder}`);
  }
}

/** The guest's command; of a clone also the one that boots the same guest anew. */
function commands({ command, specification }: Guest): string {
  const own = `${renderCommand(command)}\n`;
  if (!specification.incoming) return own;
  const booted = machineArguments({ ...specification, incoming: false, memory: null });
  const whole = renderCommand([specification.architecture.emulator, ...flatten(booted)]);
  return `${own}\n# A clone. The same guest, booted anew:\n${whole}\n`;
}
