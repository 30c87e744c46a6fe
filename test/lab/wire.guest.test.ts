import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Guest } from '../../harness/guest/guest.ts';
import { changeLink } from '../../harness/guest/nic.ts';
import { startTraffic, type Traffic } from '../../harness/guest/traffic.ts';
import { ofRecords } from '../../harness/lab/capture.ts';
import { writeEvidence } from '../../harness/lab/evidence.ts';
import { execute } from '../../harness/lab/execute.ts';
import type { Outcome } from '../../harness/lab/experiment.ts';
import { scenario } from '../../harness/lab/scenario.ts';
import { datagramsTo, type Fault, type FaultRule } from '../../harness/wire/faults.ts';
import { livingGuest } from '../end-to-end/living-guest.ts';
import { runProgram } from '../wire/programs.ts';

const PANIC = 'Kernel panic - not syncing: sysrq triggered crash';
const PANIC_MS = 90_000;

/** A sysrq-c on 6.1 after `meanwhile`, with its files. */
async function crash(
  meanwhile: (guest: Guest) => Promise<void> | void,
  trigger = 'echo c > /proc/sysrq-trigger',
): Promise<Outcome & { guest: Guest; files: Map<string, Buffer>; tshark: (...list: string[]) => string }> {
  const { guest, kernel, cell } = await livingGuest({ kernel: 'debian:6.1', suite: 'bookworm' });
  await using _ = guest;
  const folder = await mkdtemp(path.join(tmpdir(), 'crashlab-wire-'));
  try {
    const experiment = scenario({
      title: 'a panic on a wire that is not as it should be',
      why: 'the lab must say what the wire did, and not blame the kernel',
      needs: [],
      async run({ guest: hand }) {
        await meanwhile(guest);
        hand.kill(trigger);
      },
      expect: {
        kind: 'panic',
        ends: 'panic',
        losses: [{ when: () => true, how: 'sometimes', because: 'we lose them', source: 'this test' }],
      },
    });
    const outcome = await execute(experiment, cell, { guest, kernel, timeoutMs: PANIC_MS });
    await writeEvidence(folder, guest, outcome.evidence);
    const files = new Map<string, Buffer>();
    for (const name of await readdir(folder)) files.set(name, await readFile(path.join(folder, name)));
    const { stdout } = await runProgram('tshark', [
      ...['-r', path.join(folder, 'wire.pcapng'), '-T', 'fields', '-e', 'frame.interface_name'],
      ...['-e', 'frame.comment', '-e', 'udp.dstport'],
    ]);
    return { ...outcome, guest, files, tshark: () => stdout };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The third of the panic's datagrams: of one record, since none is so long here. */
const third = (fault: Fault): FaultRule => ({ fault, among: datagramsTo(6666), nth: [3] });

const misbehaving =
  (...rules: FaultRule[]) =>
  ({ segment }: Guest) =>
    segment.injectFaults({ seed: 1, rules });

/** What the evidence says was done to the wire. */
function doneTo({ files }: { files: Map<string, Buffer> }): Record<string, unknown>[] {
  const lines = String(files.get('wire-faults.jsonl') ?? '').split('\n');
  return lines.filter(Boolean).map((line) => JSON.parse(line));
}

/** The record that the evidence says was hit. */
function hit({ files }: { files: Map<string, Buffer> }): number {
  const record = doneTo({ files }).find((line) => 'fault' in line)?.['record'];
  if (typeof record !== 'number') throw new Error('no fault befell a record');
  return record;
}

const spotless = { missing: [], torn: [], doubled: [], misplaced: [], lost: [] };

describe('of a panic’s records', () => {
  test('one that is dropped is named by its number, as lost on the wire', async () => {
    const outcome = await crash(misbehaving(third({ kind: 'drop' })));
    const { wire, serial } = outcome.conclusion;
    const sequence = hit(outcome);
    const truth = outcome.evidence.ring.records.find((record) => record.sequence === sequence);
    expect(wire).toMatchObject({
      ...spotless,
      status: 'incomplete',
      missing: [sequence],
      lost: [{ sequence, where: 'lost on the wire', text: truth?.text }],
      arrived: wire.written - 1,
    });
    expect(serial.status).toBe('complete');
    // The plan, from which the same faults can be made again, and what it did.
    expect(doneTo(outcome)).toEqual([
      {
        time: expect.any(String),
        change: 'faults',
        seed: 1,
        rules: [{ fault: { kind: 'drop' }, nth: [3], direction: 'from guest', among: 'chosen frames' }],
      },
      expect.objectContaining({ direction: 'from guest', fault: { kind: 'drop' }, record: sequence }),
    ]);
    // Both ends are in the capture, and what happened in between.
    const rows = outcome.tshark().split('\n');
    const count = (name: string) => rows.filter((row) => row.startsWith(name) && row.endsWith('6666')).length;
    expect(count('guest') - count('witness')).toBe(1);
    expect(rows.filter((row) => row.includes(`fault: drop, record ${sequence}`))).toHaveLength(1);
  });

  test('one that is corrupt is missing, lost on the wire', async () => {
    const outcome = await crash(misbehaving(third({ kind: 'corrupt' })));
    const sequence = hit(outcome);
    expect(outcome.conclusion.wire).toMatchObject({
      ...spotless,
      missing: [sequence],
      lost: [{ sequence, where: 'lost on the wire' }],
    });
  });

  test('one whose frame breaks off is missing, one whose datagram is cut is torn', async () => {
    const broken = await crash(misbehaving(third({ kind: 'cut', what: 'frame', bytes: 60 })));
    expect(broken.conclusion.wire).toMatchObject({
      ...spotless,
      missing: [hit(broken)],
      lost: [{ where: 'lost on the wire' }],
    });
    const cut = await crash(misbehaving(third({ kind: 'cut', what: 'datagram', bytes: 25 })));
    expect(cut.conclusion.wire).toMatchObject({ ...spotless, status: 'incomplete', torn: [hit(cut)] });
  });

  test('one that comes twice is doubled, one that is overtaken is misplaced', async () => {
    const doubled = await crash(misbehaving(third({ kind: 'double' })));
    expect(doubled.conclusion.wire).toMatchObject({
      ...spotless,
      status: 'incomplete',
      doubled: [hit(doubled)],
    });
    const overtaken = await crash(misbehaving(third({ kind: 'reorder', behind: 2 })));
    expect(overtaken.conclusion.wire).toMatchObject({
      ...spotless,
      status: 'incomplete',
      misplaced: [hit(overtaken)],
    });
  });

  test('all that are only late are there, also those still on their way at the end', async () => {
    const late = await crash(misbehaving({ fault: { kind: 'delay', ms: 3_600_000 } }));
    expect(late.conclusion.wire).toMatchObject({ ...spotless, status: 'complete' });
    expect(late.evidence.wire.order.length).toBeGreaterThan(10);
  });

  test('one may be chosen by its number', async () => {
    let chosen = 0;
    const outcome = await crash(async (guest) => {
      await guest.agent.must('echo "<6>a word" > /dev/kmsg', guest.signal);
      await guest.agent.must('true', guest.signal);
      const words = guest.segment.frames.map(({ bytes }) => Buffer.from(bytes).toString('latin1'));
      const sequence = Number(/\d+,(\d+),\d+,[^;]*;a word/.exec(words.join('\n'))?.[1]);
      chosen = sequence + 2;
      guest.segment.injectFaults({ seed: 1, rules: [{ fault: { kind: 'drop' }, among: ofRecords(chosen) }] });
    });
    expect(outcome.conclusion.wire.lost.map(({ sequence, where, text }) => [sequence, where, text])).toEqual([
      [chosen, 'lost on the wire', PANIC],
    ]);
  });
});

test('a wire that is not read stands still: a flood fills it, and the panic behind is never sent', async () => {
  // With QEMU 10 and 6.1 the transmit ring and the socket hold 1515.
  const lines = 'seq 1 2500 | while read n; do echo "<6>line $n" > /dev/kmsg; done';
  const outcome = await crash(async (guest) => {
    await changeLink(guest, 'down');
    await changeLink(guest, 'up');
    guest.segment.pause();
  }, `${lines}; echo c > /proc/sysrq-trigger`);
  const { wire } = outcome.conclusion;
  // At the end the lab reads what is left.
  expect(doneTo(outcome).map(({ change, state }) => [change, state])).toEqual([
    ['link', 'down'],
    ['link', 'up'],
    ['stall', 'on'],
    ['stall', 'off'],
  ]);
  expect(wire.status).toBe('incomplete');
  expect(wire.arrived).toBeGreaterThan(300);
  expect(wire.lost.find(({ text }) => text === PANIC)).toMatchObject({ where: 'never sent' });
  expect(wire.lost.every(({ where }) => where === 'never sent')).toBe(true);
  console.log('paused', wire.arrived, 'of', wire.written);
});

test('a panic under a load of TCP in both directions arrives whole', async () => {
  let traffic: Traffic | null = null;
  const outcome = await crash(async (guest) => {
    traffic = await startTraffic(guest, { tcp: ['from guest', 'to guest'] });
    await guest.agent.must('sleep 1', guest.signal);
  });
  const measure = (traffic as Traffic | null)?.stop();
  console.log('load', JSON.stringify(measure), outcome.conclusion.wire.status, outcome.end);
  expect(measure?.tcp['from guest'].bytes).toBeGreaterThan(100_000);
  expect(measure?.tcp['to guest'].bytes).toBeGreaterThan(100_000);
  expect(outcome.conclusion.wire).toMatchObject({ ...spotless, status: 'complete' });
  expect(outcome.conclusion.serial.status).toBe('complete');
  expect(outcome.files.get('wire.pcapng')?.includes('frames of the load')).toBe(true);
  expect(outcome.guest.segment.unkept.frames).toBeGreaterThan(200);
});
