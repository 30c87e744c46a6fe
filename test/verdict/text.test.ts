import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PrintkRecord } from '../../harness/printk/record.ts';
import { judgeText, printedLines } from '../../harness/verdict/text.ts';
import { anyRecords, flawed, printed, record, records, textOf, truthOf } from './build.ts';

const WRITTEN = records(10, 14);
const [A = record(0), B = record(0), C = record(0), D = record(0), E = record(0)] = WRITTEN;
const TRUTH = truthOf(WRITTEN);
const [a = '', b = '', c = '', d = '', e = ''] = WRITTEN.map((one) => printed(one));
const judge = (...text: string[]) => judgeText(TRUTH, text.join(''));
const BOOT = '[    0.000000] Linux version 6.12.0\n[    1.000000] Run /init as init process\nhello\n';
const dropped = (count: number) => `** ${count} printk messages dropped **\n`;
const INTERRUPTED = '** replaying previous printk message **\n';

describe('printed lines', () => {
  test.each<[number, string]>([
    [0, '[    0.000000] text'],
    [5_123_456, '[    5.123456] text'],
    [5_000_007, '[    5.000007] text'],
    [123_456_000_001, '[123456.000001] text'],
  ])('at %i µs begin with the time', (timestampUs, line) => {
    expect(printedLines(record(1, { timestampUs, text: 'text' }))).toEqual([line]);
  });

  test('name the caller on kernels that do', () => {
    expect(printedLines(record(1, { timestampUs: 5, caller: 'T1', text: 'x' }), true)).toEqual([
      '[    0.000005][    T1] x',
    ]);
    expect(printedLines(record(1, { timestampUs: 5, caller: 'T1234567', text: 'x' }), true)).toEqual([
      '[    0.000005][T1234567] x',
    ]);
  });

  test('have the time each, empty ones too', () => {
    expect(printedLines(record(1, { timestampUs: 5, text: 'a\n\nb' }))).toEqual([
      '[    0.000005] a',
      '[    0.000005] ',
      '[    0.000005] b',
    ]);
    expect(printedLines(record(1, { timestampUs: 5, text: '' }))).toEqual(['[    0.000005] ']);
  });
});

describe('a console’s text', () => {
  test('that has every line once, whole, in order, is complete', () => {
    expect(judge(BOOT, a, b, c, d, e)).toEqual({
      status: 'complete',
      written: 5,
      arrived: 5,
      missing: [],
      torn: [],
      doubled: [],
      misplaced: [],
      lost: [],
    });
  });

  test('may have other lines between, and line ends of a serial port', () => {
    expect(judge(a, 'login: \n', b, c, '\n', d, '# \n', e, '# ').status).toBe('complete');
    const serial = textOf(WRITTEN, { serial: true });
    expect(judgeText(TRUTH, serial).status).toBe('complete');
    // A firmware that does without.
    expect(judgeText(TRUTH, `${'SeaBIOS\n'.repeat(20)}${serial}`).status).toBe('complete');
  });

  test('may lack its very last line end', () => {
    expect(judge(a, b, c, d, e.slice(0, -1)).status).toBe('complete');
    expect(judgeText(TRUTH, textOf(WRITTEN, { serial: true }).slice(0, -1)).status).toBe('complete');
    expect(judgeText(TRUTH, textOf(WRITTEN, { serial: true }).slice(0, -2)).status).toBe('complete');
  });

  test('has lost on the wire, or on the host, what another witness saw leave the guest', () => {
    const [arrived, left] = [a + d + e, a + b + d + e];
    expect(judgeText(TRUTH, arrived, left, 'lost on the wire').lost).toMatchObject([
      { sequence: 11, where: 'lost on the wire' },
      { sequence: 12, where: 'never sent' },
    ]);
    expect(judgeText(TRUTH, arrived, left).lost[0]).toMatchObject({ where: 'lost on the host' });
  });

  test('that is empty has nothing', () => {
    expect(judge('')).toMatchObject(flawed({ written: 5, arrived: 0, missing: [10, 11, 12, 13, 14] }));
  });

  test('proves nothing of an empty truth, or of one that is only the marker', () => {
    expect(judgeText(truthOf([]), a + b)).toMatchObject({ status: 'undecidable', written: 0 });
    expect(judgeText(truthOf([A]), a)).toMatchObject({ status: 'undecidable', arrived: 1 });
    expect(judgeText(truthOf([A]), b)).toMatchObject(flawed({ missing: [10] }));
  });

  test('may name callers, in every line', () => {
    const callers = [A, { ...B, caller: 'C3' }, { ...C, text: 'two\nlines' }, D, E];
    expect(judgeText(truthOf(callers), textOf(callers, { caller: true })).status).toBe('complete');
    const wrong = textOf(callers.with(1, { ...B, caller: 'C4' }), { caller: true });
    expect(judgeText(truthOf(callers), wrong)).toMatchObject(flawed({ missing: [11] }));
  });

  test('may have carriage returns of the kernel’s own', () => {
    const carriage = WRITTEN.with(2, { ...C, text: 'progress\r' });
    for (const serial of [false, true]) {
      expect(judgeText(truthOf(carriage), textOf(carriage, { serial })).status).toBe('complete');
    }
    expect(judgeText(truthOf(carriage), textOf(WRITTEN.with(2, { ...C, text: 'progress' })))).toMatchObject(
      flawed({ torn: [12] }),
    );
  });

  test('may quote a line without standing for it', () => {
    const quote = { ...D, text: `last words: ${c.trimEnd()}` };
    const truth = truthOf([A, B, C, quote, E]);
    expect(judgeText(truth, textOf([A, B, C, quote, E])).status).toBe('complete');
    expect(judgeText(truth, textOf([A, B, quote, E]))).toMatchObject(flawed({ missing: [12] }));
  });
});

describe('a missing record', () => {
  test('was never sent', () => {
    expect(judge(a, b, d, e)).toMatchObject(
      flawed({
        written: 5,
        arrived: 4,
        missing: [12],
        lost: [{ sequence: 12, where: 'never sent', text: 'record 12' }],
      }),
    );
  });

  test('that was not finalised, or whose writer died, was not printed', () => {
    const truth = truthOf([A, B, D, { ...E, finalised: false }], { unfinished: [12] });
    expect(judgeText(truth, a + b + d)).toMatchObject(
      flawed({
        written: 5,
        arrived: 3,
        missing: [12, 14],
        lost: [
          { sequence: 12, where: 'not printed', text: '' },
          { sequence: 14, where: 'not printed', text: 'record 14' },
        ],
      }),
    );
  });

  test('is one that lost its beginning: another line could have such an end', () => {
    expect(judge(a, b, c.slice(5), d, e)).toMatchObject(flawed({ missing: [12], torn: [] }));
    expect(judge(a, b, c.slice(-5), d, e)).toMatchObject(flawed({ missing: [12], torn: [] }));
  });
});

describe('a torn record', () => {
  const stamp = c.indexOf(']') + 2;

  test('is cut within its words, by the end of the text or by the next record', () => {
    for (let length = stamp; length < c.length - 1; length++) {
      expect(judge(a, b, d, e, c.slice(0, length))).toMatchObject(
        flawed({ arrived: 4, torn: [12], missing: [], lost: [] }),
      );
      expect(judge(a, b, c.slice(0, length), d, e)).toMatchObject(flawed({ arrived: 4, torn: [12] }));
    }
  });

  test('lacks only its line end, where another line follows at once', () => {
    expect(judge(a, b, c.trimEnd(), d, e)).toMatchObject(flawed({ arrived: 4, torn: [12] }));
  });

  test('lost bytes in its middle, or has others', () => {
    expect(judge(a, b, c.replace('cor', ''), d, e)).toMatchObject(flawed({ torn: [12] }));
    expect(judge(a, b, c.replace('cor', 'c\0r'), d, e)).toMatchObject(flawed({ torn: [12] }));
    expect(judge(a, b, c.replace('\n', ' more\n'), d, e)).toMatchObject(flawed({ torn: [12] }));
  });

  test('that is cut takes none of the records behind it along', () => {
    const [cutB, cutC] = [b.slice(0, stamp + 3), c.slice(0, stamp + 4)];
    expect(judge(a, cutB, cutC, d, e)).toMatchObject(flawed({ arrived: 3, torn: [11, 12] }));
  });

  test('is whole behind what a program left open', () => {
    expect(judge(a, b, 'login: ', c, d, e).status).toBe('complete');
  });

  test('is one of several lines of which some are not there', () => {
    const lines = { ...C, text: 'one\ntwo\nthree' };
    const truth = truthOf([A, B, lines, D, E]);
    const all = printed(lines).split('\n');
    expect(judgeText(truth, textOf([A, B, lines, D, E])).status).toBe('complete');
    for (const gone of [0, 1, 2]) {
      const rest = all.toSpliced(gone, 1).join('\n');
      expect(judgeText(truth, a + b + rest + d + e)).toMatchObject(flawed({ arrived: 4, torn: [12] }));
    }
  });

  test('is told from another of the same time', () => {
    const [one, two] = [C, { ...D, timestampUs: C.timestampUs, text: 'another' }];
    const truth = truthOf([A, B, one, two, E]);
    const cut = printed(two).slice(0, stamp + 4);
    expect(judgeText(truth, a + b + c + cut + e)).toMatchObject(flawed({ torn: [13], missing: [] }));
    expect(judgeText(truth, a + b + cut + e)).toMatchObject(flawed({ torn: [13], missing: [12] }));
  });
});

describe('lines that are the same', () => {
  const again = { ...C, sequence: 13 };
  const truth = truthOf([A, B, C, again, E]);

  test('of two records must stand there twice', () => {
    expect(judgeText(truth, a + b + c + c + e).status).toBe('complete');
    expect(judgeText(truth, a + b + c + e)).toMatchObject(flawed({ arrived: 4, missing: [13] }));
    expect(judgeText(truth, a + b + c + c + c + e)).toMatchObject(flawed({ arrived: 5, doubled: [12] }));
    expect(judgeText(truth, a + b + c + c + c + c + e)).toMatchObject(flawed({ doubled: [12, 13] }));
  });

  test('of one record must stand there twice', () => {
    const twice = { ...C, text: 'x\nx' };
    const line = printed({ ...C, text: 'x' });
    const one = truthOf([A, B, twice, D, E]);
    expect(judgeText(one, a + b + line + line + d + e).status).toBe('complete');
    expect(judgeText(one, a + b + line + d + e)).toMatchObject(flawed({ arrived: 4, torn: [12] }));
    expect(judgeText(one, a + b + line + line + line + d + e)).toMatchObject(flawed({ doubled: [12] }));
  });
});

describe('a doubled record', () => {
  test('makes no other record of its time torn', () => {
    const truth = truthOf([A, B, C, { ...D, timestampUs: C.timestampUs, text: 'another' }, E]);
    expect(judgeText(truth, a + b + c + c + c + e)).toMatchObject(flawed({ doubled: [12], missing: [13] }));
  });

  test('stands there twice, near or far', () => {
    expect(judge(a, b, c, c, d, e)).toMatchObject(flawed({ arrived: 5, doubled: [12] }));
    expect(judge(a, b, c, d, e, a)).toMatchObject(flawed({ arrived: 5, doubled: [10], misplaced: [] }));
  });

  test('may stand there again only in part', () => {
    const lines = { ...C, text: 'one\ntwo' };
    const [first = ''] = printed(lines).split('\n');
    expect(judgeText(truthOf([A, B, lines, D, E]), `${textOf([A, B, lines, D, E])}${first}\n`)).toMatchObject(
      flawed({ arrived: 5, doubled: [12] }),
    );
    expect(judge(a, b, `${c.slice(0, -4)}\n`, c, d, e)).toMatchObject(flawed({ arrived: 5, doubled: [12] }));
  });

  test('is none that the kernel was interrupted in and began anew', () => {
    expect(judge(a, b, `${c.slice(0, -4)}\n`, INTERRUPTED, c, d, e).status).toBe('complete');
    expect(judge(a, b, `${c.slice(0, 4)}\n`, INTERRUPTED, c, d, e).status).toBe('complete');
    const [cutB, cutC] = [b.slice(0, -4), `${c.slice(0, -4)}\n`];
    expect(judge(a, cutB, cutC, INTERRUPTED, b, c, d, e)).toMatchObject(flawed({ doubled: [11] }));
    expect(judge(a, b, c, INTERRUPTED, c, d, e)).toMatchObject(flawed({ doubled: [12] }));
    expect(judge(a, b, `${c.slice(0, -4)}\n`, INTERRUPTED, d, e)).toMatchObject(flawed({ torn: [12] }));
  });
});

describe('a misplaced record', () => {
  test('stands behind one that was written later', () => {
    expect(judge(a, c, b, d, e)).toMatchObject(flawed({ arrived: 5, misplaced: [11] }));
    expect(judge(b, c, d, e, a)).toMatchObject(flawed({ arrived: 5, misplaced: [10] }));
  });

  test('is one whose lines are not in order, or have another record between them', () => {
    const lines = { ...C, text: 'one\ntwo' };
    const truth = truthOf([A, B, lines, D, E]);
    const [one = '', two = ''] = printed(lines).split('\n');
    expect(judgeText(truth, `${a}${b}${two}\n${one}\n${d}${e}`)).toMatchObject(flawed({ misplaced: [12] }));
    expect(judgeText(truth, `${a}${b}${one}\n${d}${two}\n${e}`)).toMatchObject(flawed({ misplaced: [12] }));
    expect(judgeText(truth, `${a}${one}\n${b}${two}\n${d}${e}`)).toMatchObject(flawed({ misplaced: [11] }));
  });
});

describe('records that the ring has overwritten', () => {
  const truth = truthOf([D, E], { marker: A.text, overwritten: [10, 11, 12] });

  test('leave a text undecidable that has all others', () => {
    expect(judgeText(truth, a + b + c + d + e)).toMatchObject({
      status: 'undecidable',
      reason: expect.stringContaining('has overwritten 3 records'),
      written: 5,
      arrived: 2,
      missing: [],
    });
    expect(judgeText(truth, a + b + c + d)).toMatchObject(flawed({ arrived: 1, missing: [14] }));
  });

  test('are lost when the console says that it dropped as many', () => {
    const lost = [10, 11, 12].map((sequence) => {
      return { sequence, where: 'overwritten before it was sent', text: '' };
    });
    expect(judgeText(truth, a + dropped(3) + d + e)).toMatchObject(
      flawed({ written: 5, arrived: 2, missing: [10, 11, 12], lost }),
    );
    const serial = `${a}${dropped(1)}${dropped(2)}${d}${e}`.replaceAll('\n', '\r\n');
    expect(judgeText(truth, serial)).toMatchObject(flawed({ missing: [10, 11, 12], lost }));
  });

  test('are some of them lost, nobody knows which, when it dropped fewer', () => {
    expect(judgeText(truth, a + dropped(2) + d + e)).toMatchObject(
      flawed({ arrived: 2, missing: [], lost: [] }),
    );
  });

  test('are not those that the console dropped before the marker', () => {
    const since = truthOf([A, D, E], { overwritten: [11, 12] });
    expect(judgeText(since, dropped(9) + a + b + c + d + e).status).toBe('undecidable');
    expect(judgeText(since, a + dropped(2) + d + e)).toMatchObject(flawed({ missing: [11, 12] }));
    // Without the marker, nobody knows which these are.
    expect(judgeText(truth, dropped(9) + d + e).status).toBe('undecidable');
  });

  test('are not counted by a program that says as much', () => {
    expect(judgeText(truth, `${a}# ${dropped(3)}${d}${e}`).status).toBe('undecidable');
  });
});

const doubt = (count: string) => ({
  status: 'undecidable',
  reason: `the ring buffer knows nothing of ${count} from after the marker`,
  written: 5,
  arrived: 5,
});

describe('a line of which the ring knows nothing', () => {
  const unknown = printed(record(15, { text: 'Kernel panic - not syncing: x' }));

  test('leaves the truth in doubt, wherever behind the marker it stands', () => {
    expect(judge(BOOT, a, b, c, d, e, unknown)).toMatchObject(doubt('1 line'));
    expect(judge(a, b, unknown, c, d, e)).toMatchObject(doubt('1 line'));
    expect(judge(a, b, unknown.trimEnd(), c, d, 'login: ', unknown, e)).toMatchObject(doubt('2 lines'));
    const serial = `${textOf(WRITTEN, { serial: true })}${unknown.replace('\n', '\r\n')}`;
    expect(judgeText(TRUTH, serial)).toMatchObject(doubt('1 line'));
  });

  test('may be one of the time of a record, and not its beginning', () => {
    expect(judge(a, b, c, c.replace('cor', ''), d, e)).toMatchObject(doubt('1 line'));
  });

  test('makes no loss undecidable', () => {
    expect(judge(a, b, d, e, unknown)).toMatchObject(flawed({ missing: [12] }));
  });

  test('is none of before the marker, nor one of a kernel that was booted since', () => {
    expect(judge(printed(record(9)), unknown, a, b, c, d, e).status).toBe('complete');
    expect(judge(a, b, c, d, e, BOOT).status).toBe('complete');
  });

  test('is none of a program’s, nor one that the kernel was interrupted in', () => {
    expect(judge(a, b, 'login: ', c, d, e, 'Kernel panic - not syncing: x\n').status).toBe('complete');
    expect(judge(a, b, c, d, e, unknown.slice(0, -4), '\n', INTERRUPTED).status).toBe('complete');
  });
});

const bare = (caller: string) => WRITTEN.map(({ text }) => `${caller}${text}\n`).join('');

describe('lines without time stamps', () => {
  test.each(['', '[    T1] '])('leave a text undecidable, be they after "%s"', (caller) => {
    expect(judge(bare(caller))).toMatchObject({
      status: 'undecidable',
      reason: expect.stringContaining('have no time stamps (printk.time=0)'),
    });
    expect(judge(bare(caller).replaceAll('\n', '\r\n')).status).toBe('undecidable');
  });

  test('are no matter where any record has one', () => {
    expect(judge(a, b, c, d, e, bare('')).status).toBe('complete');
    expect(judge(bare(''), d)).toMatchObject(flawed({ missing: [10, 11, 12, 14] }));
    expect(judge(bare(''), a, b, d, e)).toMatchObject(flawed({ missing: [12] }));
  });

  test('of others are no reason where the marker is not there', () => {
    expect(judge(`${B.text}\n${C.text}\n`)).toMatchObject({ status: 'incomplete', arrived: 0 });
  });
});

type Damage = (all: PrintkRecord[], at: number) => PrintkRecord[];
const DAMAGES: Record<'missing' | 'torn' | 'doubled' | 'misplaced', Damage> = {
  missing: (all, at) => all.toSpliced(at, 1),
  // No record has such a byte: with another, one of several lines could become a copy of the line before.
  torn: (all, at) => all.with(at, { ...(all[at] ?? A), text: `${all[at]?.text ?? ''}\u00E9` }),
  doubled: (all, at) => all.toSpliced(at, 0, all[at] ?? A),
  misplaced: (all, at) => all.toSpliced(at, 1).toSpliced(at + 1, 0, all[at] ?? A),
};
const form = fc.record({ caller: fc.boolean(), serial: fc.boolean() });

describe('of any records that were written', () => {
  test('all that stand there as they were are complete', () => {
    fc.assert(
      fc.property(anyRecords, form, (all, options) => {
        expect(judgeText(truthOf(all), textOf([...records(0, 3), ...all], options))).toMatchObject({
          status: 'complete',
          written: all.length,
          arrived: all.length,
        });
      }),
    );
  });

  test.each(Object.entries(DAMAGES))('one that is %s is named, and only there', (list, damage) => {
    fc.assert(
      fc.property(anyRecords, fc.nat(), form, (all, nth, options) => {
        const at = nth % (all.length - (list === 'misplaced' ? 1 : 0));
        const { lost: _, ...judgement } = judgeText(truthOf(all), textOf(damage(all, at), options));
        expect(judgement).toEqual(
          flawed({
            written: all.length,
            arrived: all.length - (list === 'missing' || list === 'torn' ? 1 : 0),
            [list]: [all[at]?.sequence],
          }),
        );
      }),
    );
  });

  test('a ring that lacks any of them never makes the text complete', () => {
    fc.assert(
      fc.property(anyRecords, fc.nat(), form, (all, nth, options) => {
        const ring = all.toSpliced(1 + (nth % (all.length - 1)), 1);
        const { status } = judgeText(truthOf(ring), textOf([...records(0, 3), ...all], options));
        expect(status).toBe('undecidable');
      }),
    );
  });

  test('a text cut anywhere is never complete, and each record is counted once', () => {
    fc.assert(
      fc.property(anyRecords, fc.nat(), fc.nat(), fc.boolean(), (all, from, length, caller) => {
        const text = textOf(all, { caller });
        // More than the last line end, which nobody misses.
        const start = from % (text.length - 2);
        const gone = 1 + (length % (text.length - start));
        const rest = text.slice(0, start) + text.slice(start + gone);
        const judgement = judgeText(truthOf(all), rest);
        expect(judgement.status).toBe('incomplete');
        expect(judgement.arrived + judgement.missing.length + judgement.torn.length).toBe(all.length);
        expect(judgement.lost.map(({ sequence }) => sequence)).toEqual(judgement.missing);
      }),
    );
  });
});
