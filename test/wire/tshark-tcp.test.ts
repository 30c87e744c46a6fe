import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Load, LOAD_PORT } from '../../harness/wire/load.ts';
import { renderPcapng } from '../../harness/wire/pcapng.ts';
import { hostAt } from '../../harness/wire/responder.ts';
import { GuestTcp } from './guest-tcp.ts';
import { runProgram } from './programs.ts';
import { GUEST, HOST } from './requests.ts';

test('tshark finds nothing to complain of in both of the host’s connections, checksums and order', async () => {
  const load = new Load({ guest: GUEST, host: HOST }, hostAt(HOST), null);
  const frames: Uint8Array[] = [];
  const guests = [
    new GuestTcp(LOAD_PORT.discard, { toSend: 2345, port: 40_001 }),
    new GuestTcp(LOAD_PORT.stream, { port: 40_002 }),
  ];
  for (let round = 0; round < 5; round++) {
    for (const guest of guests) {
      for (const frame of guest.say()) {
        frames.push(frame);
        load.take(frame, round);
      }
      for (let answer = load.next(round); answer; answer = load.next(round)) {
        frames.push(answer);
        guest.hear(answer);
      }
    }
  }
  expect(guests[1]?.taken).toBeGreaterThan(30_000);
  const folder = await mkdtemp(path.join(tmpdir(), 'crashlab-tshark-'));
  try {
    const file = path.join(folder, 'load.pcapng');
    const packets = frames.map((bytes, at) => ({
      interface: 0,
      timestampNs: BigInt(at) * 1_000_000n,
      direction: 'unknown' as const,
      bytes,
    }));
    await writeFile(file, renderPcapng({ application: 'test', interfaces: [{ name: 'wire' }], packets }));
    const fields = ['tcp.checksum.status', 'ip.checksum.status', '_ws.malformed', '_ws.expert.message'];
    const { stdout, complaints } = await runProgram('tshark', [
      ...['-r', file, '-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE', '-T', 'fields'],
      ...fields.flatMap((field) => ['-e', field]),
    ]);
    expect(complaints).toEqual([]);
    const rows = stdout.trimEnd().split('\n');
    expect(rows).toHaveLength(frames.length);
    // The host fills a window and this guest repeats itself: neither is a fault, and selective acknowledgement, whose
    // absence newer versions note, is nobody's duty.
    const fine =
      /^1\t1\t\t(?:|Connection establish [^,]*(?:,The SYN packet does not contain a SACK PERM option)?|TCP window specified by the receiver is now completely full|Duplicate ACK [^,]*)$/;
    const odd = rows.filter((row) => !fine.test(row));
    expect(odd).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
