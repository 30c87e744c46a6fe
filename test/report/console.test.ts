import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderConsole } from '../../harness/report/console.ts';
import { columns } from '../../harness/report/layout.ts';
import { begin, complete, hostileRecord, infrastructure, lost, record, start, verdict } from './build.ts';

const NEW = { kernel: '7.2.3+deb14-cloud-amd64' };
const known = { wire: 'incomplete', because: 'the printer thread does not run when panic= reboots' } as const;

function lines(events: Parameters<typeof renderConsole>[0], width = 80): string[] {
  return renderConsole(events, { colour: false, width }).split('\n');
}

const mixed = record(
  verdict('sysrq-c'),
  verdict('sysrq-c', { cell: NEW, wire: lost(59), expect: known }),
  verdict('oops-hardirq'),
  verdict('oops-hardirq', {
    cell: NEW,
    wire: lost(13),
    serial: lost(2),
    differences: ['The wire lost 13 of 59 records; complete was expected.'],
  }),
  verdict('oops-softirq', { expect: known, differences: ['The wire is complete; a loss was expected.'] }),
  infrastructure('oops-softirq', 'guest', NEW),
  verdict('nmi-panic', {
    oops: { context: 'hardirq', terminated: false },
    differences: ['It died in hardirq; nmi was expected.'],
  }),
);

const GOLDEN = `
amd64 · virtio-net · 1 vCPU · panic=0 · extended

              6.1.0-56-cloud-amd64  7.2.3+deb14-
                                    cloud-amd64
sysrq-c       ✓ complete            ○ lost 59/59
oops-hardirq  ✓ complete            ✗ lost 13/59
oops-softirq  ! complete            ? no verdict
nmi-panic     ✗ complete (differs)  ·

✓ complete, as expected · ○ lost, as expected · ? no verdict · ! complete,
though a loss is known · ✗ not as expected
○ known loss: the printer thread does not run when panic= reboots

✗ oops-hardirq · 7.2.3+deb14-cloud-amd64: lost 13/59
  The wire lost 13 of 59 records; complete was expected.
  died of: Kernel panic - not syncing: sysrq triggered crash (panic, task)
  13 of 59 records missing, never sent:
    446 record 446 of the panic
    447 record 447 of the panic
    448 record 448 of the panic
    449 record 449 of the panic
    450 record 450 of the panic
    451 record 451 of the panic
    452 record 452 of the panic
    453 record 453 of the panic
    454 record 454 of the panic
    455 record 455 of the panic
    … and 3 more
  serial console: lost 2/59
  evidence: evidence/oops-hardirq

! oops-softirq · 6.1.0-56-cloud-amd64: complete
  The wire is complete; a loss was expected.
  the known loss: the printer thread does not run when panic= reboots
  died of: Kernel panic - not syncing: sysrq triggered crash (panic, task)
  serial console: complete
  evidence: evidence/oops-softirq

? oops-softirq · 7.2.3+deb14-cloud-amd64: no verdict
  GUEST_SILENT (guest): The guest said nothing for 30 s after it was resumed.
  advice: Look at serial.log in the evidence.
  evidence: evidence/oops-softirq

✗ nmi-panic · 6.1.0-56-cloud-amd64: complete
  It died in hardirq; nmi was expected.
  died of: Kernel panic - not syncing: sysrq triggered crash (panic, hardirq,
  its report has no end)
  serial console: complete
  evidence: evidence/nmi-panic

7 runs: 2 complete, 1 lost as expected, 3 unexpected, 1 without a verdict
21.3 s
`;

describe('the console report', () => {
  test('shows the table, what is wrong and the sums in 80 columns', () => {
    expect(`\n${renderConsole(mixed, { colour: false, width: 80 })}`).toBe(GOLDEN);
  });

  test('is short where all is complete', () => {
    expect(lines(record(verdict('sysrq-c'), verdict('nmi-panic')), 90)).toEqual([
      '6.1.0-56-cloud-amd64 · amd64 · virtio-net · 1 vCPU · panic=0 · extended',
      '',
      'sysrq-c    ✓ complete',
      'nmi-panic  ✓ complete',
      '',
      '2 runs: 2 complete, 0 lost as expected, 0 unexpected, 0 without a verdict · 21.3 s',
      '',
    ]);
  });

  test('shows repetitions as a distribution', () => {
    const runs = [0, 12, 0, 40, 0].map((count, index) =>
      verdict('sysrq-b', {
        repetition: index + 1,
        expect: { wire: 'either' },
        ...(count > 0 && { wire: lost(count) }),
      }),
    );
    expect(lines(record(...runs))).toContain('sysrq-b  ○ complete 3/5, lost 2/5 (12–40 records)');
  });

  test('turns to one line per scenario and cell where a table would be too wide', () => {
    const kernels = ['6.1.0-56-cloud-amd64', '6.12.9-1-cloud-amd64'];
    const runs = kernels.flatMap((kernel) =>
      [0, 5, -1].map((panic) => verdict('sysrq-c', { cell: { kernel, panic } })),
    );
    expect(lines(record(...runs)).slice(0, 5)).toEqual([
      'amd64 · virtio-net · 1 vCPU · extended',
      '',
      '✓ complete  sysrq-c · 6.1.0-56-cloud-amd64 · panic=0',
      '✓ complete  sysrq-c · 6.1.0-56-cloud-amd64 · panic=5',
      '✓ complete  sysrq-c · 6.1.0-56-cloud-amd64 · panic=-1',
    ]);
    expect(lines(record(...runs), 120)[4]).toMatch(/^ +panic=0 +panic=5 +panic=-1 +panic=0/);
  });

  test('puts the record and its evidence in the same folder', () => {
    const text = renderConsole(record(infrastructure('a')), { colour: false, width: 80, folder: 'runs/1' });
    expect(text).toContain('\n  evidence: runs/1/evidence/a\n');
  });

  test('tells of a record that a killed lab left behind', () => {
    const text = renderConsole([start(3), verdict('a'), begin('b')], {
      colour: false,
      width: 200,
      truncated: true,
    });
    expect(text).toContain('The record holds 1 of 3 planned runs: the lab was killed or is still at work.');
    expect(text).toContain('Begun but not finished: b/');
    expect(text).toContain('The last line of the run record is cut in the middle.');
  });

  test('says how many of the missing records were lost where', () => {
    const wire = lost(4);
    wire.lost = wire.lost
      .slice(1)
      .map((each, index) => (index === 0 ? { ...each, where: 'lost in QEMU' } : each));
    const text = lines(record(verdict('a', { wire, differences: ['Lost.'] })));
    expect(text).toContain('  4 of 59 records missing, 1 at an unknown place, 1 lost in QEMU, 2 never sent:');
    expect(text).toContain('    455');
  });

  test('is never wider than asked, whatever a guest wrote, and obeys none of it', () => {
    fc.assert(
      fc.property(hostileRecord, fc.integer({ min: 20, max: 120 }), (events, width) => {
        const text = renderConsole(events, { colour: false, width });
        expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
        expect(Math.max(...text.split('\n').map(columns))).toBeLessThanOrEqual(width);
      }),
    );
  });

  test('says the same in colour as without', () => {
    fc.assert(
      fc.property(hostileRecord, fc.integer({ min: 20, max: 120 }), (events, width) => {
        const coloured = renderConsole(events, { colour: true, width });
        expect(coloured).toContain('\u001b[1m');
        expect(stripVTControlCharacters(coloured)).toBe(renderConsole(events, { colour: false, width }));
      }),
    );
  });
});

describe('the order of the report', () => {
  test('is that of the plan, whichever run was the first to finish', () => {
    const events = [start(2), begin('slow'), begin('quick'), verdict('quick'), verdict('slow')];
    const shown = lines(events).filter((line) => /^(slow|quick)/.test(line));
    expect(shown.map((line) => line.split(' ')[0])).toEqual(['slow', 'quick']);
  });
});

describe('runs without a verdict', () => {
  test('for one and the same reason are told once', () => {
    const other = infrastructure('c');
    if (other.outcome !== 'infrastructure') throw new Error('not an infrastructure outcome');
    const reason = { ...other.reason, message: 'The disk is full.' };
    const events = record(infrastructure('a'), infrastructure('b'), { ...other, reason });
    const shown = lines(events).filter((line) => line.startsWith('? ') && line.endsWith(': no verdict'));
    expect(shown).toEqual(['? a and 1 more, for the same reason: no verdict', '? c: no verdict']);
  });

  test('name no evidence where there is none', () => {
    const { evidence: _, ...without } = infrastructure('sysrq-crash', 'host');
    expect(lines(record(infrastructure('sysrq-crash', 'host'))).join('\n')).toContain('evidence: ');
    expect(lines(record(without)).join('\n')).not.toContain('evidence: ');
  });

  test('show each line of what the guest said last on a line of its own', () => {
    const failed = infrastructure('a', 'guest');
    if (failed.outcome !== 'infrastructure') throw new Error('not an infrastructure outcome');
    const reason = {
      ...failed.reason,
      message: 'It did not come up. Its last console lines:\n  one\n  two \u001B[31m',
    };
    const shown = lines(record({ ...failed, reason }));
    expect(shown.some((line) => line.trim() === '| one')).toBe(true);
    expect(shown.some((line) => line.trim() === String.raw`| two \x1b[31m`)).toBe(true);
  });
});

test('records that were compared with nothing are told, though all is complete', () => {
  const sentence = 'arrived whole, but not compared byte for byte';
  const flood = { ...complete(), uncompared: 7 };
  const shown = lines(record(verdict('a', { wire: flood }), verdict('b', { wire: flood }))).join(' ');
  expect(shown).toContain(`14 records ${sentence}`);
  expect(lines(record(verdict('a'))).join(' ')).not.toContain(sentence);
});

describe('runs that were made twice', () => {
  test('are told, because the first attempt is not shown', () => {
    const shown = lines(record({ ...verdict('a'), attempts: 2 }, verdict('b'))).join(' ');
    expect(shown).toContain('1 run was made twice');
    expect(lines(record(verdict('a'), verdict('b'))).join(' ')).not.toContain('made twice');
  });
});
