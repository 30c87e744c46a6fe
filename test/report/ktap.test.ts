import * as fc from 'fast-check';
import { Parser } from 'tap-parser';
import { describe, expect, test } from 'vitest';
import { renderKtap } from '../../harness/report/ktap.ts';
import { replay } from '../../harness/report/replay.ts';
import { complete, hostileRecord, infrastructure, lost, record, skipped, start, verdict } from './build.ts';
import { parseKtap } from './ktap-parser.ts';

const NEW = { kernel: '7.2.3' };

/** What a TAP parser finds at one level of a text: its plan, and of each test whether it is ok; deeper lines are nothing to it. */
function tap(text: string): { planned: number; oks: boolean[] } {
  const found = Parser.parse(text);
  const oks = found.flatMap(([kind, about]) => (kind === 'assert' ? [about.ok] : []));
  const [planned = 0] = found.flatMap(([kind, about]) => (kind === 'plan' ? [about.end] : []));
  return { planned, oks };
}

describe('for a TAP parser that is not ours', () => {
  test('each level is a whole TAP stream, whatever a record says', () => {
    fc.assert(
      fc.property(hostileRecord, (events) => {
        const text = renderKtap(events);
        const cells = parseKtap(text);
        const top = tap(text);
        expect(top).toEqual({ planned: cells.length, oks: cells.map(({ ok }) => ok) });
        const deeper = text.split(/^ {2}KTAP version 1$/m).slice(1);
        for (const [at, rest] of deeper.entries()) {
          const lines = rest.split('\n').filter((line) => line.startsWith('  '));
          const { planned, oks } = tap(`${lines.map((line) => line.slice(2)).join('\n')}\n`);
          expect(oks).toEqual(cells[at]?.tests.map(({ ok }) => ok));
          expect(oks.length).toBe(planned);
        }
      }),
    );
  });
});

describe('the KTAP report', () => {
  test('is a test per cell with a subtest per run', () => {
    const text = renderKtap(record(verdict('sysrq-c'), verdict('sysrq-c', { cell: NEW }), verdict('oops')));
    expect(text).toBe(
      [
        'KTAP version 1',
        '1..2',
        '  KTAP version 1',
        '  1..2',
        '  ok 1 sysrq-c',
        '  ok 2 oops',
        'ok 1 6.1.0-56-cloud-amd64 · amd64 · virtio-net · 1 vCPU · panic=0 · extended',
        '  KTAP version 1',
        '  1..1',
        '  ok 1 sysrq-c',
        'ok 2 7.2.3 · amd64 · virtio-net · 1 vCPU · panic=0 · extended',
        '',
      ].join('\n'),
    );
  });

  test('skips what the cell cannot have, with the reason', () => {
    const [cell] = parseKtap(renderKtap(record(skipped('sysrq-keyboard', 'A guest has no keyboard.'))));
    expect(cell?.tests[0]).toMatchObject({ ok: true, directive: 'SKIP A guest has no keyboard.' });
  });

  test('fails an unexpected loss and its cell, with the missing records before the result', () => {
    const run = verdict('oops', { wire: lost(12), differences: ['The wire lost 12 records.'] });
    const [cell] = parseKtap(renderKtap(record(verdict('sysrq-c'), run)));
    expect(cell?.ok).toBe(false);
    expect(cell?.tests[1]).toMatchObject({ ok: false, name: 'oops', directive: 'lost 12/59, unexpectedly' });
    expect(cell?.tests[1]?.diagnostics).toContain('oops:   447 record 447 of the panic');
    expect(cell?.tests[1]?.diagnostics).toContain('oops:   … and 2 more');
  });

  test.each([
    [
      'a known loss',
      verdict('a', { wire: lost(59), expect: { wire: 'incomplete', because: 'nbcon' } }),
      true,
      'XFAIL lost 59/59: nbcon',
    ],
    [
      'a known loss without a reason',
      verdict('a', { wire: lost(1), expect: { wire: 'either' } }),
      true,
      'XFAIL lost 1/59',
    ],
    [
      'an unexpected pass',
      verdict('a', { expect: { wire: 'incomplete' }, differences: ['No loss.'] }),
      false,
      'complete, though a loss is known',
    ],
    ['an infrastructure outcome', infrastructure('a'), false, 'ERROR GUEST_SILENT'],
    [
      'an undecidable wire',
      verdict('a', { wire: { ...complete(), status: 'undecidable' } }),
      true,
      'SKIP undecidable',
    ],
  ])('marks %s', (_, run, ok, directive) => {
    expect(parseKtap(renderKtap(record(run)))[0]?.tests[0]).toMatchObject({ ok, directive });
  });

  test('has one directive a line, whatever is said in it', () => {
    const run = verdict('a', { wire: lost(3), expect: { wire: 'either', because: 'see # SKIP list' } });
    const [line = ''] = renderKtap(record(run)).match(/^ {2}ok 1 .*$/m) ?? [];
    expect(line).toBe(String.raw`  ok 1 a # XFAIL lost 3/59: see \x23 SKIP list`);
  });

  test('numbers the repetitions', () => {
    const [cell] = parseKtap(renderKtap(record(verdict('a'), verdict('a', { repetition: 2 }))));
    expect(cell?.tests.map(({ name }) => name)).toEqual(['a (1)', 'a (2)']);
  });

  test('has a failure of its own when planned runs are absent', () => {
    expect(parseKtap(renderKtap([start(3), verdict('a')]))[1]).toMatchObject({
      ok: false,
      directive: 'ERROR UNFINISHED',
      diagnostics: ['The record holds 1 of 3 planned runs: the lab was killed or is still at work.'],
    });
  });

  test('shows a hash in a name as an escape, since a description ends there', () => {
    const [cell] = parseKtap(renderKtap(record(verdict('oops # SKIP'))));
    expect(cell?.tests[0]).toMatchObject({ name: String.raw`oops \x23 SKIP`, directive: undefined });
  });

  test('keeps its structure whatever a guest wrote', () => {
    fc.assert(
      fc.property(hostileRecord, (events) => {
        const text = renderKtap(events);
        expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]/);
        const tests = parseKtap(text).flatMap((cell) => cell.tests);
        const { runs } = replay(events);
        expect(tests.filter(({ ok }) => ok)).toHaveLength(runs.filter((run) => run.expected).length);
        expect(tests).toHaveLength(runs.length);
      }),
    );
  });
});
