import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CaptureLogs } from '../../harness/field/capture.ts';
import { readCrashes } from '../../harness/oops/crash.ts';
import { encodeUdp } from '../../harness/wire/udp.ts';

const lines = readFileSync(new URL('../oops/fixtures/6.12/task-panics.txt', import.meta.url), 'latin1')
  .trimEnd()
  .split('\n')
  .map((line) => `${line}\n`);
const records = lines.map((line, at) => `4,${at},${at},-;${line.replace(/^\[ *\d+\.\d+\] ?/, '')}`);

const frame = (payload: string) =>
  encodeUdp({
    source: { mac: '52:54:00:00:00:01', address: '10.0.0.7', port: 6665 },
    destination: { mac: '52:54:00:00:00:02', address: '10.0.0.2', port: 6666 },
    payload: Buffer.from(payload, 'latin1'),
  });
const frames = (payloads: readonly string[]) => payloads.map((payload) => frame(payload));

/** A classic capture that keeps so many bytes of each frame. */
function pcap(packets: readonly Uint8Array[], { snap = 65_535, link = 1 } = {}): Uint8Array {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4);
  header.writeUInt32LE(link, 20);
  const blocks = packets.flatMap((packet) => {
    const own = Buffer.alloc(16);
    own.writeUInt32LE(Math.min(snap, packet.length), 8);
    own.writeUInt32LE(packet.length, 12);
    return [own, packet.subarray(0, snap)];
  });
  return Buffer.concat([header, ...blocks]);
}

function read(capture: Uint8Array) {
  const logs = new CaptureLogs();
  const parts = [...logs.take(capture), ...logs.finish()];
  const doubts = parts.flatMap((part) => part.doubts ?? []);
  return { ...readCrashes(parts.flatMap((part) => part.lines)), problems: logs.problems, doubts };
}

/** With what the field of its UDP checksum says. */
const summed = (packet: Uint8Array, change: (field: number, packet: DataView) => number) => {
  const changed = Uint8Array.from(packet);
  const view = new DataView(changed.buffer);
  view.setUint16(40, change(view.getUint16(40), view));
  return changed;
};
const wrong = (packet: Uint8Array) => summed(packet, (field) => field ^ 0x1234);

describe('a datagram that is not as it was sent', () => {
  const frameLine = lines.findIndex((line) => line.includes('do_syscall_64'));

  test.each([
    [
      'one',
      frames(lines).with(frameLine, wrong(frame(lines[frameLine] ?? ''))),
      /^1 datagram .* has a wrong/,
    ],
    ['all', frames(records).map(wrong), new RegExp(`^${lines.length} datagrams .* have wrong`)],
  ])('by its checksum is read, and said: %s', (_, packets, sentence) => {
    const { crashes, problems, doubts } = read(pcap(packets));
    expect(crashes).toHaveLength(1);
    expect(problems).toEqual([expect.stringMatching(sentence)]);
    expect(doubts).toEqual(problems);
  });

  test('has a checksum that the card was to finish: nothing is wrong', () => {
    const unfinished = frames(records).map((packet) =>
      summed(packet, (_, view) => {
        let sum = 17 + view.getUint16(38);
        for (let at = 26; at < 34; at += 2) sum += view.getUint16(at);
        return (sum & 0xffff) + (sum >>> 16);
      }),
    );
    expect(read(pcap(unfinished))).toMatchObject({ whole: true, problems: [], doubts: [] });
  });

  test.each([
    ['basic', lines],
    ['extended', records],
  ])('since the capture cut it counts as far as it goes: %s', (_, payloads) => {
    const { crashes, whole, problems, doubts } = read(pcap(frames(payloads), { snap: 96 }));
    expect(crashes.length).toBeGreaterThan(0);
    expect(whole).toBe(false);
    expect(problems).toEqual([expect.stringMatching(/datagrams of netconsole are cut: .*tcpdump -s 0/)]);
    expect(doubts).toEqual(problems);
  });

  test('where only the longest lack a byte, those are missed', () => {
    const longest = Math.max(...frames(lines).map(({ length }) => length));
    const { whole, why } = read(pcap(frames(lines), { snap: longest - 1 }));
    expect([whole, why]).toEqual([false, [expect.stringMatching(/missing in it/)]]);
  });

  test('one that is no sound packet is missed, and said', () => {
    const broken = Uint8Array.from(frame(lines[frameLine] ?? ''));
    broken[24] = (broken[24] ?? 0) ^ 1;
    const { whole, problems } = read(pcap(frames(lines).with(frameLine, broken)));
    expect(whole).toBe(false);
    expect(problems).toEqual(['1 datagram of netconsole is no sound packet, and not read.']);
  });
});

test('a capture that kept nothing but the headers is no log without a crash', () => {
  const { problems } = read(pcap(frames(lines), { snap: 42 }));
  expect(problems).toEqual([expect.stringMatching(/are cut/)]);
});

test.each([
  [12, 0],
  [0, 4],
  [108, 4],
])('raw IP and BSD’s loopback are read: link type %i', (link, head) => {
  const packets = frames(records).map((packet) =>
    Buffer.concat([Buffer.alloc(head, 2), packet.subarray(14)]),
  );
  expect(read(pcap(packets, { link }))).toMatchObject({ whole: true, problems: [] });
});
