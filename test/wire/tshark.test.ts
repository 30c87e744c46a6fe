import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CaptureReader } from '../../harness/wire/capture-reader.ts';
import { renderPcapng, type CapturedPacket } from '../../harness/wire/pcapng.ts';
import { answer, hostAt } from '../../harness/wire/responder.ts';
import { encodeUdp } from '../../harness/wire/udp.ts';
import { runProgram } from './programs.ts';
import { arpRequest, bytesOf, duplicateSearch, GUEST, HOST, ping, ping6, solicitation } from './requests.ts';

const START_NS = 1_700_000_000_123_456_789n;
const FIELDS = [
  'frame.time_epoch',
  'frame.interface_name',
  'frame.packet_flags_direction',
  'frame.comment',
  'frame.protocols',
  'ip.checksum.status',
  'udp.checksum.status',
  'icmp.checksum.status',
  'icmpv6.checksum.status',
  'arp.opcode',
  'icmpv6.type',
  'icmp.resp_to',
  'icmpv6.resp_to',
  'udp.payload',
  '_ws.malformed',
  '_ws.expert.message',
] as const;
type Row = Map<(typeof FIELDS)[number], string>;

const VALIDATE = ['ip.check_checksum', 'udp.check_checksum'].flatMap((name) => ['-o', `${name}:TRUE`]);
const payload = bytesOf('6,416,1758426,-;Kernel panic - not syncing: sysrq triggered crash\n');
const frames = [
  datagram(GUEST.ipv4, HOST.ipv4),
  datagram(GUEST.ipv6, HOST.ipv6),
  ...[arpRequest(), solicitation(), duplicateSearch(), ping(), ping6()].flatMap((request) => [
    request,
    reply(request),
  ]),
];
const packets = frames.map((bytes, index): CapturedPacket => {
  const fromGuest = index < 2 || index % 2 === 0;
  return {
    interface: index % 2,
    timestampNs: START_NS + BigInt(index) * 1_000_000_001n,
    direction: fromGuest ? 'inbound' : 'outbound',
    bytes,
    comments: index === 0 ? ['record 416', 'première'] : [],
  };
});

let folder: string;
let file: string;
let rows: Row[];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'crashlab-tshark-'));
  file = path.join(folder, 'wire.pcapng');
  const interfaces = [{ name: 'wire', description: 'the guest, as crashlab saw it' }, { name: 'dump' }];
  await writeFile(
    file,
    renderPcapng({ application: 'crashlab test', comments: ['a run'], interfaces, packets }),
  );
  rows = await readRows();
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('tshark reads our pcapng', () => {
  test('without a complaint, nor a malformed or doubtful packet', async () => {
    const all = await runProgram('tshark', ['-r', file, ...VALIDATE, '-V']);
    expect(all.complaints).toEqual([]);
    expect(all.stdout.match(/^Frame \d+:/gm)).toHaveLength(frames.length);
    expect(rows.map((row) => row.get('_ws.malformed')).join('')).toBe('');
    const [comments, ...others] = rows.map((row) => row.get('_ws.expert.message'));
    expect(comments).toBe('record 416,première');
    expect(others.join('')).toBe('');
  });

  test('with every frame at its nanosecond, on its interface, in its direction', () => {
    expect(
      rows.map((row) => [row.get('frame.time_epoch'), row.get('frame.interface_name'), direction(row)]),
    ).toEqual(
      packets.map((packet) => [
        `${packet.timestampNs / 1_000_000_000n}.${String(packet.timestampNs % 1_000_000_000n).padStart(9, '0')}`,
        packet.interface === 0 ? 'wire' : 'dump',
        packet.direction,
      ]),
    );
  });

  test('with its comments, application and interface names', async () => {
    expect(rows[0]?.get('frame.comment')).toBe('record 416,première');
    expect(rows[1]?.get('frame.comment')).toBe('');
    const { stdout } = await runProgram('capinfos', [file]);
    expect(stdout).toMatch(/Capture application:\s+crashlab test\n/);
    expect(stdout).toMatch(/Capture comment:\s+a run\n/);
    expect(stdout).toContain('Description = the guest, as crashlab saw it');
    expect(stdout).toContain('Time precision = nanoseconds');
  });
});

describe('tshark agrees', () => {
  test.each(['ip', 'udp', 'icmp', 'icmpv6'] as const)('that every checksum of %s is good', (protocol) => {
    const carriers = rows.filter((row) => row.get('frame.protocols')?.split(':').includes(protocol));
    expect(carriers.length).toBeGreaterThan(0);
    expect(new Set(carriers.map((row) => row.get(`${protocol}.checksum.status`)))).toEqual(new Set(['1']));
  });

  test('that our datagrams carry what we gave them', () => {
    const hex = Buffer.from(payload).toString('hex');
    expect(rows.slice(0, 2).map((row) => row.get('udp.payload'))).toEqual([hex, hex]);
  });

  test('that our answers answer', () => {
    expect(rows.slice(2, 4).map((row) => row.get('arp.opcode'))).toEqual(['1', '2']);
    expect(rows.slice(4, 8).map((row) => row.get('icmpv6.type'))).toEqual(['135', '136', '135', '136']);
    expect(rows[9]?.get('icmp.resp_to')).toBe('9');
    expect(rows[11]?.get('icmpv6.resp_to')).toBe('11');
  });
});

describe('a classic pcap that editcap makes of it', () => {
  test.each(['pcap', 'nsecpcap'])('has the same frames and times for us: %s', async (format) => {
    const classic = path.join(folder, `wire.${format}`);
    await runProgram('editcap', ['-F', format, file, classic]);
    const reader = new CaptureReader();
    const found = reader.take(new Uint8Array(await readFile(classic)));
    expect(found.map(({ bytes }) => bytes)).toEqual(packets.map(({ bytes }) => bytes));
    for (const [at, { timestampNs }] of packets.entries())
      expect(Math.abs((found[at]?.atMs ?? 0) - Number(timestampNs) / 1e6)).toBeLessThan(0.0015);
    reader.finish();
    expect(reader.problem).toBeNull();
  });
});

async function readRows(): Promise<Row[]> {
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const { stdout } = await runProgram('tshark', ['-r', file, ...VALIDATE, '-T', 'fields', ...fields]);
  return stdout.split(/\n(?=.)/).map((line) => {
    const values = line.replace(/\n$/, '').split('\t');
    return new Map(FIELDS.map((field, index) => [field, values[index] ?? '']));
  });
}

function direction(row: Row): string {
  return ['unknown', 'inbound', 'outbound'][Number(row.get('frame.packet_flags_direction'))] ?? '';
}

function datagram(from: string, to: string): Uint8Array {
  return encodeUdp({
    source: { mac: GUEST.mac, address: from, port: 6665 },
    destination: { mac: HOST.mac, address: to, port: 6666 },
    payload,
  });
}

function reply(request: Uint8Array): Uint8Array {
  const frame = answer(request, hostAt(HOST));
  if (frame === null) throw new Error('the host did not answer');
  return frame;
}
