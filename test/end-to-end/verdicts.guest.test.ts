import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Run } from '../../harness/lab/record.ts';
import { parseTimeline } from '../../harness/lab/timeline.ts';
import { KERNELS, runJson } from './crashlab.ts';

type Verdict = Extract<Run, { outcome: 'verdict' }>;

function verdictsOf(runs: readonly Run[]): Verdict[] {
  return runs.map((run) => {
    if (run.outcome !== 'verdict') throw new Error(`${run.id}: ${run.reason.code} ${run.reason.message}`);
    return run;
  });
}

/** Every scenario with what it must die of. */
const DEATHS: Record<string, { kind: string; context: string }> = {
  'init-exits': { kind: 'panic', context: 'task' },
  'nmi-panic': { kind: 'panic', context: 'nmi' },
  'oops-hardirq': { kind: 'invalid-opcode', context: 'hardirq' },
  'oops-softirq': { kind: 'invalid-opcode', context: 'softirq' },
  'oops-transmit': { kind: 'invalid-opcode', context: 'task' },
  'sysrq-crash': { kind: 'panic', context: 'task' },
  'sysrq-keyboard': { kind: 'panic', context: 'hardirq' },
  'sysrq-loglevel': { kind: 'none', context: 'unknown' },
};

/** What a run came to, in one line. */
function inShort({ scenario, oops, wire, serial }: Verdict): string {
  const arrived = wire.arrived === 1 ? 'only the marker' : `all but ${wire.written - wire.arrived}`;
  return [scenario, oops.kind, oops.context, oops.terminated, arrived, wire.status, serial.status].join(' ');
}

/** What it comes to on a kernel whose netconsole is a plain console. */
function knownShort(scenario: string, panic: number): string {
  const { kind, context } = DEATHS[scenario] ?? { kind: '?', context: '?' };
  const death = [scenario, kind, context, scenario === 'sysrq-loglevel' ? null : true].join(' ');
  // The serial console shows that the oops was written: it is only the wire that lost it.
  if (scenario === 'oops-transmit') return `${death} only the marker incomplete complete`;
  if (scenario === 'nmi-panic' && panic > 0) return `${death} all but 1 incomplete incomplete`;
  return `${death} all but 0 complete complete`;
}

/** The same for both wires: what arrived, not how much was written. */
function summary(runs: readonly Run[]): string[] {
  return verdictsOf(runs)
    .map(
      ({ scenario, wire, oops }) =>
        `${scenario} ${wire.status} ${wire.arrived === wire.written} ${oops.kind}`,
    )
    .sort((a, b) => a.localeCompare(b));
}

describe.each(['6.1', '6.12'] as const)('on %s the default suite', (version) => {
  test('ends as expected, with every death named', { timeout: 180_000 }, async () => {
    const { runs, exit, out } = await runJson(KERNELS[version]);
    const verdicts = verdictsOf(runs);
    expect(verdicts.flatMap(({ differences }) => differences)).toEqual([]);
    expect(exit).toBe(0);
    expect(verdicts).toHaveLength(2 * Object.keys(DEATHS).length);
    expect(verdicts.map(inShort)).toEqual(
      verdicts.map(({ scenario, cell }) => knownShort(scenario, cell.panic)),
    );
    const known = verdicts.find(({ scenario, cell }) => scenario === 'nmi-panic' && cell.panic === 5);
    expect(known?.wire.lost.map(({ text }) => text)).toEqual(['Rebooting in 5 seconds..']);
    await expectGoodCaptures(out, verdicts);
  });
});

describe('on a 7.x kernel', () => {
  test(
    'every panic is lost with panic=5, found without being told, and all arrive with panic=0',
    { timeout: 240_000 },
    async () => {
      const { runs, exit } = await runJson(KERNELS['7.x']);
      const verdicts = verdictsOf(runs);
      expect(verdicts.flatMap(({ differences }) => differences)).toEqual([]);
      expect(exit).toBe(0);
      const panics = verdicts.filter(
        ({ scenario }) => !['sysrq-loglevel', 'oops-transmit'].includes(scenario),
      );
      for (const { scenario, cell, wire, oops } of panics) {
        const lostPanic = wire.lost.some(({ text }) => text.startsWith('Kernel panic - not syncing'));
        expect({ scenario, panic: cell.panic, status: wire.status, lostPanic }).toEqual({
          scenario,
          panic: cell.panic,
          status: cell.panic === 0 ? 'complete' : 'incomplete',
          lostPanic: cell.panic !== 0,
        });
        expect(oops.terminated).toBe(true);
      }
    },
  );
});

describe('the same crash', () => {
  test('has the same verdicts on a real UDP socket as on the stream', { timeout: 180_000 }, async () => {
    const names = ['sysrq-crash', 'oops-softirq', 'oops-transmit', 'sysrq-loglevel', '--panic', '0'];
    const stream = await runJson(names);
    const udp = await runJson([...names, '--wire', 'udp']);
    expect(summary(udp.runs)).toEqual(summary(stream.runs));
    expect(udp.exit).toBe(0);
  });

  test.each([
    ['in basic format', ['--format', 'basic']],
    ['on two vCPUs', ['--vcpus', '2']],
    ['with a ring buffer outside the kernel image', ['--append', 'log_buf_len=4M']],
    ['of a guest that was booted for it', ['--fresh']],
  ])('is proved %s', { timeout: 180_000 }, async (_, list) => {
    const { runs, exit } = await runJson(['sysrq-crash', 'sysrq-loglevel', '--panic', '0', ...list]);
    for (const { scenario, wire, serial } of verdictsOf(runs)) {
      expect({ scenario, wire: wire.status, serial: serial.status }).toEqual({
        scenario,
        wire: 'complete',
        serial: 'complete',
      });
    }
    expect(exit).toBe(0);
  });

  test('is a distribution when it is repeated', { timeout: 180_000 }, async () => {
    const { runs } = await runJson(['sysrq-crash', '--panic', '0', '--repeat', '6']);
    expect(
      verdictsOf(runs)
        .map(({ repetition }) => repetition)
        .sort((a, b) => a - b),
    ).toEqual([1, 2, 3, 4, 5, 6]);
    expect(new Set(verdictsOf(runs).map(({ wire }) => wire.status))).toEqual(new Set(['complete']));
  });
});

/** Each run leaves a capture that tshark reads without complaint, and in which the marker is. */
async function expectGoodCaptures(out: string, verdicts: readonly Verdict[]): Promise<void> {
  for (const { evidence, wire } of verdicts) {
    const folder = path.join(out, evidence ?? 'nowhere');
    expect(await readdir(folder)).toEqual(
      expect.arrayContaining([
        'qemu-command.txt',
        'qmp-events.jsonl',
        'ring.jsonl',
        'ring.txt',
        'serial.log',
        'timeline.jsonl',
        'wire.pcapng',
      ]),
    );
    const { timeline } = parseTimeline(await readFile(path.join(folder, 'timeline.jsonl'), 'utf8'));
    const states = timeline?.records.map((record) => record.wire.state) ?? [];
    expect([states.length, states.filter((state) => state === 'missing').length]).toEqual([
      wire.written,
      wire.missing.length,
    ]);
    const fields = ['-T', 'fields', '-e', 'udp.payload', '-e', '_ws.malformed'];
    const checks = ['-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE'];
    const filter = 'udp.dstport == 6666 && udp.checksum.status == "Good"';
    const { stdout, stderr } = await promisify(execFile)(
      'tshark',
      ['-r', path.join(folder, 'wire.pcapng'), ...checks, '-Y', filter, ...fields],
      { maxBuffer: 1 << 26 },
    );
    expect(stderr.replaceAll(/^Running as user "root".*$/gm, '').trim()).toBe('');
    const payloads = stdout
      .trim()
      .split('\n')
      .map((line) => Buffer.from(line.trim(), 'hex').toString('latin1'));
    expect(payloads.length).toBeGreaterThanOrEqual(wire.arrived);
    expect(payloads.some((payload) => payload.includes('crashlab: marker'))).toBe(true);
    const command = await readFile(path.join(folder, 'qemu-command.txt'), 'utf8');
    expect(command).toMatch(/-incoming defer[^]*The same guest, booted anew:\n[^]*-kernel /);
    const ring = await readFile(path.join(folder, 'ring.txt'), 'latin1');
    expect(ring).toContain('crashlab: marker');
  }
}
