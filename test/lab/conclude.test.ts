import { describe, expect, test } from 'vitest';
import { CrashlabError } from '../../harness/host/error.ts';
import { conclude } from '../../harness/lab/conclude.ts';
import type { Evidence } from '../../harness/lab/evidence.ts';
import type { RunEnd } from '../../harness/lab/observe.ts';
import type { Cell } from '../../harness/lab/record.ts';
import { type KnownLoss, type Scenario, scenario } from '../../harness/lab/scenario.ts';
import { buildLedger } from '../../harness/netconsole/ledger.ts';
import type { PrintkRecord } from '../../harness/printk/record.ts';
import { printedLines } from '../../harness/verdict/text.ts';

const MARKER = 'crashlab: marker';
const WORDS = [
  MARKER,
  'sysrq: Trigger a crash',
  'Kernel panic - not syncing: sysrq triggered crash',
  'Rebooting in 5 seconds..',
];
const CELL: Cell = {
  kernel: '6.1',
  arch: 'x86-64',
  nic: 'virtio-net',
  vcpus: 1,
  panic: 5,
  format: 'extended',
};
const FACTS = {
  release: '6.1',
  vmcoreinfo: { address: '0x0', size: 0 },
  netconsole: 'legacy',
  moduleSymbols: '',
} as const;

const records = WORDS.map((text, index): PrintkRecord => ({
  sequence: 100 + index,
  timestampUs: 5_000_000 + index,
  facility: 0,
  level: 6,
  flags: 2,
  caller: 'T1',
  finalised: true,
  text,
  dictionary: {},
}));

/** What a run leaves when these records arrived on the wire; everything was printed on the serial console. */
function evidence(arrived: readonly PrintkRecord[], written = records): Evidence {
  const payloads = arrived.map(
    ({ sequence, timestampUs, text }) => `6,${sequence},${timestampUs},-;${text}\n`,
  );
  return {
    ring: { records: written, unfinished: [], textLost: [] },
    wire: buildLedger(payloads.map((text, atMs) => ({ payload: new TextEncoder().encode(text), atMs }))),
    sent: null,
    serial: written.flatMap((record) => printedLines(record)).join('\r\n') + '\r\n',
    serialMarks: [],
    frames: [],
  };
}

function crash(losses: KnownLoss[] = [], expected: Partial<Scenario['expect']> = {}): Scenario {
  return scenario({
    title: 'panic',
    why: 'test',
    needs: [],
    run: async () => undefined,
    expect: { kind: 'panic', ends: 'panic', losses, ...expected },
  });
}

const known: KnownLoss = { when: () => true, because: 'it is known', source: 'a measurement' };

function conclusion(
  one: Scenario,
  seen: Evidence,
  end: RunEnd = 'last line',
  { probed = [], panic = CELL.panic }: { probed?: string[]; panic?: number } = {},
) {
  const asked = { probed: new Set(probed), evidence: seen, marker: MARKER };
  return conclude(one.expect, { cell: { ...CELL, panic }, facts: FACTS, ...asked, end });
}

describe('a run in which everything arrived', () => {
  test('is complete and as expected', () => {
    const { wire, serial, oops, differences } = conclusion(crash(), evidence(records));
    expect([wire.status, serial.status, oops.kind, oops.terminated]).toEqual([
      'complete',
      'complete',
      'panic',
      true,
    ]);
    expect(differences).toEqual([]);
  });

  test('is news where a loss is known', () => {
    expect(conclusion(crash([known]), evidence(records)).differences).toEqual([
      expect.stringContaining('Everything arrived, though a loss is known'),
    ]);
  });

  test('and a loss that has become less are news; one that has grown is none', () => {
    const rest = { ...known, from: /^Kernel panic/ };
    const newsOf = (...arrived: typeof records) => {
      const { differences, news } = conclusion(crash([rest]), evidence(arrived));
      return [differences.length, news.length];
    };
    expect(newsOf(...records)).toEqual([1, 1]);
    expect(newsOf(...records.slice(0, -1))).toEqual([1, 1]);
    expect(newsOf(...records.slice(1, -1))).toEqual([2, 1]);
  });

  test('is as expected where a loss is known to happen sometimes', () => {
    expect(conclusion(crash([{ ...known, how: 'sometimes' }]), evidence(records)).differences).toEqual([]);
  });

  test('differs when the guest died of something else, or elsewhere', () => {
    const expected = crash([], { kind: 'bug', context: 'nmi' });
    const { differences, arrivalDiffers } = conclusion(expected, evidence(records));
    expect(differences).toHaveLength(2);
    // No host can be to blame for that.
    expect(arrivalDiffers).toBe(false);
    expect(conclusion(expected, evidence(records.slice(0, 1))).arrivalDiffers).toBe(true);
  });
});

describe('the death that a scenario expects', () => {
  test('may be one of several kinds', () => {
    expect(conclusion(crash([], { kind: ['bug', 'panic'] }), evidence(records)).differences).toEqual([]);
    expect(conclusion(crash([], { kind: ['bug', 'oops'] }), evidence(records)).differences).toEqual([
      'The guest died of panic, not of bug or oops.',
    ]);
  });

  test('is proved by what a record says; without that the trigger was missed', () => {
    const says = /^sysrq: Trigger a crash$/;
    expect(conclusion(crash([], { says }), evidence(records)).differences).toEqual([]);
    expect(() => conclusion(crash([], { says: /^Mem-Info:/ }), evidence(records))).toThrow(
      expect.objectContaining({ code: 'TRIGGER_MISSED', message: expect.stringContaining('/^Mem-Info:/') }),
    );
  });

  test('is not proved by what was said before the marker', () => {
    const before = { ...(records[0] as PrintkRecord), sequence: 99, text: 'Mem-Info:' };
    const seen = evidence([before, ...records]);
    for (const serial of [`[    4.000000] Mem-Info:\r\n${seen.serial}`, '[    4.000000] Mem-Info:\r\n']) {
      expect(() => conclusion(crash([], { says: /^Mem-Info:/ }), { ...seen, serial })).toThrow(
        expect.objectContaining({ code: 'TRIGGER_MISSED' }),
      );
    }
  });

  test('ends in a reset with panic=-1, of which the kernel says nothing', () => {
    const quiet = records.slice(0, 3);
    const end = (how: RunEnd) => conclusion(crash(), evidence(quiet, quiet), how, { panic: -1 }).differences;
    expect(end('reset')).toEqual([]);
    expect(end('silence')).toEqual(['The guest should reset, but: silence.']);
  });

  test.each([
    ['alive', 'alive', 'reset', 'live on'],
    ['reset', 'reset', 'silence', 'reset'],
    ['power-off', 'power-off', 'reset', 'power itself off'],
    ['hang', 'silence', 'alive', 'hang'],
  ] as const)('ends as expected: %s', (ends, right, wrong, words) => {
    const none = crash([], { kind: 'none', ends });
    const quiet = records.slice(0, 2);
    expect(conclusion(none, evidence(quiet, quiet), right).differences).toEqual([]);
    expect(conclusion(none, evidence(quiet, quiet), wrong).differences).toEqual([
      `The guest should ${words}, but: ${wrong}.`,
    ]);
  });
});

describe('a run in which a record is missing', () => {
  const lastLost = evidence(records.slice(0, 3));

  test('differs, and names the record', () => {
    const { wire, differences } = conclusion(crash(), lastLost);
    expect(wire.missing).toEqual([103]);
    expect(differences).toEqual([expect.stringContaining('3 of 4 records')]);
  });

  test('is as expected where that loss is known', () => {
    const { differences, expectation } = conclusion(crash([known]), lastLost);
    expect(differences).toEqual([]);
    expect(expectation).toEqual({ wire: 'incomplete', because: 'it is known (a measurement)' });
  });

  test('differs where only another record is known to be lost', () => {
    const reboot = crash([{ ...known, only: /^Rebooting in/ }]);
    expect(conclusion(reboot, lastLost).differences).toEqual([]);
    const panic = crash([{ ...known, only: /^Kernel panic/ }]);
    expect(conclusion(panic, lastLost).differences).toEqual([
      expect.stringContaining('More is lost than is known'),
      expect.stringContaining('What is known to be lost here is not'),
    ]);
  });

  test('is a known loss only where the guest, when it was asked, said so', () => {
    const asked = crash([{ ...known, when: ({ probed }) => probed.has('a small buffer') }]);
    expect(conclusion(asked, lastLost, 'last line', { probed: ['a small buffer'] }).differences).toEqual([]);
    expect(conclusion(asked, lastLost, 'last line', { probed: ['another'] }).differences).not.toEqual([]);
  });

  test('is no known loss where that one does not apply', () => {
    expect(conclusion(crash([{ ...known, when: () => false }]), lastLost).differences).toHaveLength(1);
  });
});

describe('a run that proves nothing', () => {
  test('differs: without the marker nobody knows what had to arrive', () => {
    const { wire, differences } = conclusion(crash([known]), evidence([], records.slice(1)));
    expect(wire.status).toBe('undecidable');
    expect(differences).toContainEqual(expect.stringContaining('Nothing is proved'));
  });

  test('is no verdict at all when the guest did not die', () => {
    const alive = records.slice(0, 2);
    const attempt = () => conclusion(crash(), evidence(alive, alive));
    expect(attempt).toThrow(CrashlabError);
    expect(attempt).toThrow('The guest did not die');
  });

  test('differs when the report has no end', () => {
    const cut = records.slice(0, 3);
    expect(conclusion(crash(), evidence(cut, cut)).differences).toEqual([
      'Its own report has no end (last line).',
    ]);
  });
});

describe('a kernel that is known to hang in its last words', () => {
  const hangs: KnownLoss = { ...known, how: 'sometimes', hangs: 'always' };
  const cut = records.slice(0, 3);

  test('is as expected when it does, whatever arrived of what it wrote', () => {
    expect(conclusion(crash([hangs]), evidence(cut, cut), 'silence').differences).toEqual([]);
    expect(conclusion(crash([hangs]), evidence(cut.slice(0, 2), cut), 'silence').differences).toEqual([]);
  });

  test('is news when it goes on to its end', () => {
    expect(conclusion(crash([hangs]), evidence(records)).differences).toEqual([
      'The guest is known to hang here, but: last line. The kernel has changed.',
    ]);
  });

  test('may go on to its end where it hangs only sometimes', () => {
    const seldom: KnownLoss = { ...hangs, hangs: 'sometimes' };
    expect(conclusion(crash([seldom]), evidence(cut, cut), 'silence').differences).toEqual([]);
    expect(conclusion(crash([seldom]), evidence(records)).differences).toEqual([]);
    expect(conclusion(crash([seldom]), evidence(cut, cut), 'reset').differences).toEqual([
      'Its own report has no end (reset).',
    ]);
  });

  test('must still have died as it should', () => {
    const expected = crash([hangs], { kind: 'bug' });
    expect(conclusion(expected, evidence(cut, cut), 'silence').differences).toEqual([
      'The guest died of panic, not of bug.',
    ]);
  });
});
