import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PrintkRecord } from '../../harness/printk/record.ts';
import { judgeRecords } from '../../harness/verdict/records.ts';
import { bytesOf } from '../netconsole/sender.ts';
import { anyRecords, datagramsOf, flawed, ledgerOf, record, records, truthOf } from './build.ts';

const WRITTEN = records(10, 14);
const [A = record(0), B = record(0), C = record(0), D = record(0), E = record(0)] = WRITTEN;
const TRUTH = truthOf(WRITTEN);
const DICTIONARY = { SUBSYSTEM: 'pci', DEVICE: '+pci:0000:00:03.0' };

describe('records on the wire', () => {
  test('that are all there once, whole, in order, are complete', () => {
    expect(judgeRecords(TRUTH, ledgerOf(...WRITTEN))).toEqual({
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

  test('from before the marker count for nothing', () => {
    const before = [record(9), record(2), record(9)];
    expect(judgeRecords(TRUTH, ledgerOf(...before, ...WRITTEN)).status).toBe('complete');
  });

  test('may come in fragments, interleaved', () => {
    const [a = [], b = []] = [B, C].map((one) => datagramsOf(one, { size: 4 }));
    const mixed = a.flatMap((fragment, at) => [fragment, ...b.slice(at, at + 1)]);
    expect(judgeRecords(TRUTH, ledgerOf(A, ...mixed, D, E)).status).toBe('complete');
  });

  test('are misplaced in the order in which they were whole', () => {
    const [first = new Uint8Array(), ...rest] = datagramsOf(B, { size: 4 });
    expect(judgeRecords(TRUTH, ledgerOf(A, first, C, ...rest, D, E))).toMatchObject(
      flawed({ arrived: 5, misplaced: [11] }),
    );
  });

  test('of an empty truth prove nothing', () => {
    expect(judgeRecords(truthOf([]), ledgerOf(...WRITTEN))).toMatchObject({
      status: 'undecidable',
      written: 0,
    });
  });

  test('of a truth that is only the marker prove nothing', () => {
    expect(judgeRecords(truthOf([A]), ledgerOf(A))).toMatchObject({
      status: 'undecidable',
      written: 1,
      arrived: 1,
    });
    expect(judgeRecords(truthOf([A]), ledgerOf())).toMatchObject(flawed({ missing: [10] }));
  });

  test('that the ring knows nothing of show that it is not the whole truth', () => {
    const judgement = judgeRecords(TRUTH, ledgerOf(...WRITTEN, record(15)));
    expect(judgement).toMatchObject({
      status: 'undecidable',
      reason: 'record 15 arrived, and the ring buffer knows nothing of it',
      arrived: 5,
    });
    const torn = datagramsOf(record(16), { size: 4 }).slice(1);
    expect(judgeRecords(TRUTH, ledgerOf(...WRITTEN, ...torn)).status).toBe('undecidable');
    expect(judgeRecords(TRUTH, ledgerOf(A, B, C, D, record(15)))).toMatchObject(flawed({ missing: [14] }));
  });

  test('that the ring knows nothing of put no other out of its place', () => {
    expect(judgeRecords(TRUTH, ledgerOf(record(2 ** 40), ...WRITTEN)).misplaced).toEqual([]);
  });
});

describe('a missing record', () => {
  test('was never sent, where the wire is all there is', () => {
    expect(judgeRecords(TRUTH, ledgerOf(A, B, D, E))).toMatchObject(
      flawed({
        written: 5,
        arrived: 4,
        missing: [12],
        lost: [{ sequence: 12, where: 'never sent', text: 'record 12' }],
      }),
    );
  });

  test('was lost on the host, where another witness saw it leave the guest', () => {
    const { lost } = judgeRecords(TRUTH, ledgerOf(A, D, E), ledgerOf(A, B, D, E));
    expect(lost.map(({ sequence, where }) => [sequence, where])).toEqual([
      [11, 'lost on the host'],
      [12, 'never sent'],
    ]);
  });

  test('was lost on the wire, where that was made to misbehave', () => {
    const { lost } = judgeRecords(TRUTH, ledgerOf(A, D, E), ledgerOf(A, B, D, E), 'lost on the wire');
    expect(lost.map(({ sequence, where }) => [sequence, where])).toEqual([
      [11, 'lost on the wire'],
      [12, 'never sent'],
    ]);
  });

  test('that only left in part was never sent', () => {
    const part = datagramsOf(C, { size: 4 }).slice(1);
    const { lost } = judgeRecords(TRUTH, ledgerOf(A, B, D, E), ledgerOf(A, B, ...part, D, E));
    expect(lost).toMatchObject([{ sequence: 12, where: 'never sent' }]);
  });

  test('that was not finalised was not printed', () => {
    const open = { ...E, finalised: false };
    const truth = truthOf([A, B, C, D, open]);
    expect(judgeRecords(truth, ledgerOf(A, B, C, D))).toMatchObject(
      flawed({ missing: [14], lost: [{ sequence: 14, where: 'not printed', text: 'record 14' }] }),
    );
    expect(judgeRecords(truth, ledgerOf(A, B, C, D), ledgerOf(...WRITTEN)).lost).toMatchObject([
      { where: 'lost on the host' },
    ]);
  });

  test('whose writer died was not printed', () => {
    const truth = truthOf([A, B, D, E], { unfinished: [12] });
    expect(judgeRecords(truth, ledgerOf(A, B, D, E))).toMatchObject(
      flawed({
        written: 5,
        arrived: 4,
        missing: [12],
        lost: [{ sequence: 12, where: 'not printed', text: '' }],
      }),
    );
  });

  test('that the ring has overwritten may have been lost before it was sent, or on the host', () => {
    const truth = truthOf([D, E], { overwritten: [10, 11, 12] });
    expect(judgeRecords(truth, ledgerOf(A, D, E), ledgerOf(A, B, D, E))).toMatchObject(
      flawed({
        written: 5,
        arrived: 3,
        missing: [11, 12],
        lost: [
          { sequence: 11, where: 'lost on the host', text: '' },
          { sequence: 12, where: 'overwritten before it was sent', text: '' },
        ],
      }),
    );
  });
});

describe('a record that the ring has overwritten', () => {
  const truth = truthOf([C, D, E], { overwritten: [10, 11] });

  test('arrived if it is whole in itself', () => {
    expect(judgeRecords(truth, ledgerOf(...WRITTEN))).toMatchObject({ status: 'complete', arrived: 5 });
  });

  test('is counted as one that was compared with nothing', () => {
    expect(judgeRecords(truth, ledgerOf(...WRITTEN)).uncompared).toBe(2);
    expect(judgeRecords(truth, ledgerOf(B, C, D, E))).toMatchObject({ missing: [10], uncompared: 1 });
    expect(judgeRecords(truth, ledgerOf(C, D, E))).not.toHaveProperty('uncompared');
    expect(judgeRecords(truthOf(WRITTEN), ledgerOf(...WRITTEN))).not.toHaveProperty('uncompared');
  });

  test('is torn if its end is not there, and doubled if it came twice', () => {
    const cut = datagramsOf(A, { cut: 1 });
    expect(judgeRecords(truth, ledgerOf(...cut, B, B, C, D, E))).toMatchObject(
      flawed({ arrived: 4, torn: [10], doubled: [11] }),
    );
    const half = datagramsOf(B, { size: 4 }).slice(1);
    expect(judgeRecords(truth, ledgerOf(A, ...half, C, D, E))).toMatchObject(
      flawed({ arrived: 4, torn: [11] }),
    );
  });

  test('is misplaced as any other', () => {
    expect(judgeRecords(truth, ledgerOf(B, A, C, D, E))).toMatchObject(flawed({ misplaced: [10] }));
  });
});

test('a record that nobody finished can’t arrive as it was written', () => {
  const truth = truthOf([A, B, D, E], { unfinished: [12] });
  expect(judgeRecords(truth, ledgerOf(...WRITTEN))).toMatchObject(flawed({ arrived: 4, torn: [12] }));
});

describe('a torn record', () => {
  const changes: [string, Partial<PrintkRecord>][] = [
    ['text', { text: 'record 1x' }],
    ['end', { text: 'record 12 ' }],
    ['level', { level: 5 }],
    ['facility', { facility: 1 }],
    ['time', { timestampUs: C.timestampUs + 1 }],
    ['flag', { flags: 10 }],
  ];
  test.each(changes)('has another %s than was written', (_, change) => {
    const arrived = ledgerOf(A, B, { ...C, ...change }, D, E);
    expect(judgeRecords(TRUTH, arrived)).toMatchObject(flawed({ arrived: 4, torn: [12], lost: [] }));
  });

  test('has another caller, where the header names one', () => {
    const [named, other] = [C, { ...C, caller: 'C0' }].map((one) => datagramsOf(one, { caller: true }));
    expect(judgeRecords(TRUTH, ledgerOf(A, B, ...(named ?? []), D, E)).status).toBe('complete');
    expect(judgeRecords(TRUTH, ledgerOf(A, B, ...(other ?? []), D, E))).toMatchObject(flawed({ torn: [12] }));
  });

  test('lacks the end of what the kernel could send', () => {
    const cut = datagramsOf(C, { cut: 1 });
    expect(judgeRecords(TRUTH, ledgerOf(A, B, ...cut, D, E))).toMatchObject(flawed({ torn: [12] }));
  });

  test('ends within an escape', () => {
    const long = { ...C, text: 'caf\xc3\xa9' };
    const truth = truthOf([A, B, long, D, E]);
    expect(judgeRecords(truth, ledgerOf(A, B, long, D, E)).status).toBe('complete');
    const cut = datagramsOf(long, { cut: 2 });
    expect(judgeRecords(truth, ledgerOf(A, B, ...cut, D, E))).toMatchObject(flawed({ torn: [12] }));
  });

  test('of which nobody knows the text ends within an escape too', () => {
    const overwritten = truthOf([B, C], { overwritten: [10] });
    const [whole, cut] = ['caf\\xc3', 'caf\\xc'].map((body) => bytesOf(`6,10,${A.timestampUs},-;${body}\n`));
    expect(judgeRecords(overwritten, ledgerOf(whole ?? A, B, C)).status).toBe('complete');
    expect(judgeRecords(overwritten, ledgerOf(cut ?? A, B, C))).toMatchObject(flawed({ torn: [10] }));
  });

  test('is one of which only fragments came', () => {
    for (const gone of [0, 1, 2]) {
      const rest = datagramsOf(C, { size: 4 }).filter((_, at) => at !== gone);
      expect(judgeRecords(TRUTH, ledgerOf(A, B, ...rest, D, E))).toMatchObject(
        flawed({ arrived: 4, missing: [], torn: [12] }),
      );
    }
  });
});

describe('a dictionary', () => {
  const device = { ...C, dictionary: DICTIONARY };
  const truth = truthOf([A, B, device, D, E]);
  const judge = (...sent: Uint8Array[]) => judgeRecords(truth, ledgerOf(A, B, ...sent, D, E));

  test('that arrives as it was written is whole', () => {
    expect(judge(...datagramsOf(device)).status).toBe('complete');
  });

  test('may have userdata and sysdata behind it', () => {
    const userdata = ' location=rack 7\n cpu=3\n taskname=swapper/0\n release=6.12.0\n msgid=9\n';
    expect(judge(...datagramsOf(device, { userdata })).status).toBe('complete');
    expect(judgeRecords(TRUTH, ledgerOf(A, B, ...datagramsOf(C, { userdata }), D, E)).status).toBe(
      'complete',
    );
  });

  test.each([
    ['all of it', {}],
    ['its device', { SUBSYSTEM: 'pci' }],
    ['its subsystem', { DEVICE: DICTIONARY.DEVICE }],
    ['a part of its device', { ...DICTIONARY, DEVICE: '+pci:0000:00:03' }],
  ])('that lacks %s is torn', (_, dictionary) => {
    expect(judge(...datagramsOf({ ...C, dictionary }))).toMatchObject(flawed({ torn: [12] }));
  });

  test('is not made whole by userdata of the same name', () => {
    const sent = datagramsOf(
      { ...C, dictionary: { ...DICTIONARY, DEVICE: 'other' } },
      {
        userdata: ` DEVICE=${DICTIONARY.DEVICE}\n`,
      },
    );
    expect(judge(...sent)).toMatchObject(flawed({ torn: [12] }));
  });
});

describe('a doubled record', () => {
  test('came twice, and arrived', () => {
    expect(judgeRecords(TRUTH, ledgerOf(A, B, C, C, D, E))).toMatchObject(
      flawed({ arrived: 5, doubled: [12] }),
    );
  });

  test('is not out of its place because its copy is late', () => {
    expect(judgeRecords(TRUTH, ledgerOf(A, B, C, D, E, A, C))).toMatchObject(
      flawed({ arrived: 5, doubled: [10, 12], misplaced: [] }),
    );
  });

  test('is torn too if one of its copies is', () => {
    for (const copies of [
      [C, { ...C, text: 'other' }],
      [{ ...C, text: 'other' }, C],
    ]) {
      expect(judgeRecords(TRUTH, ledgerOf(A, B, ...copies, D, E))).toMatchObject(
        flawed({ arrived: 4, torn: [12], doubled: [12] }),
      );
    }
  });

  test('may have come again only in part', () => {
    const [again = new Uint8Array()] = datagramsOf(C, { size: 4 });
    expect(judgeRecords(TRUTH, ledgerOf(A, B, ...datagramsOf(C, { size: 4 }), again, D, E))).toMatchObject(
      flawed({ arrived: 5, torn: [], doubled: [12] }),
    );
  });

  test('is torn if the part that came again is another’s', () => {
    const [other = new Uint8Array()] = datagramsOf({ ...C, text: 'something else' }, { size: 4 });
    expect(judgeRecords(TRUTH, ledgerOf(A, B, C, other, D, E))).toMatchObject(
      flawed({ arrived: 4, torn: [12], doubled: [12] }),
    );
  });
});

type Damage = (all: PrintkRecord[], at: number) => (PrintkRecord | Uint8Array)[];
const DAMAGES: Record<'missing' | 'torn' | 'doubled' | 'misplaced', Damage> = {
  missing: (all, at) => all.toSpliced(at, 1),
  torn: (all, at) => all.with(at, { ...(all[at] ?? A), text: `${all[at]?.text ?? ''}!` }),
  doubled: (all, at) => all.toSpliced(at, 0, all[at] ?? A),
  misplaced: (all, at) => all.toSpliced(at, 1).toSpliced(at + 1, 0, all[at] ?? A),
};

describe('of any records that were written', () => {
  test('all that arrived as they were are complete', () => {
    fc.assert(
      fc.property(anyRecords, fc.boolean(), fc.integer({ min: 1, max: 40 }), (all, caller, size) => {
        const sent = all.flatMap((one) => datagramsOf(one, { caller, size }));
        expect(judgeRecords(truthOf(all), ledgerOf(...sent))).toMatchObject({
          status: 'complete',
          written: all.length,
          arrived: all.length,
        });
      }),
    );
  });

  test.each(Object.entries(DAMAGES))('one that is %s is named, and only there', (list, damage) => {
    fc.assert(
      fc.property(anyRecords, fc.nat(), (all, nth) => {
        // The last one can't be behind another.
        const at = nth % (all.length - (list === 'misplaced' ? 1 : 0));
        const { lost: _, ...judgement } = judgeRecords(truthOf(all), ledgerOf(...damage(all, at)));
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

  test('a ring that lacks any of them never makes them complete', () => {
    fc.assert(
      fc.property(anyRecords, fc.nat(), (all, nth) => {
        const ring = all.toSpliced(1 + (nth % (all.length - 1)), 1);
        expect(judgeRecords(truthOf(ring), ledgerOf(...all)).status).toBe('undecidable');
      }),
    );
  });

  test('they are complete exactly if they came as they were written, and each is counted once', () => {
    fc.assert(
      fc.property(
        anyRecords,
        fc.infiniteStream(fc.nat(3)),
        fc.infiniteStream(fc.nat(99)),
        (all, copies, keys) => {
          const counts = [...copies.take(all.length)];
          const order = [...keys.take(all.length * 3)];
          const arrived = all
            .flatMap((one, at) => Array.from({ length: Math.min(counts[at] ?? 1, 2) }, () => one))
            .map((one, at) => ({ one, key: (order[at] ?? 0) % 5 === 0 ? (order[at] ?? 0) : at }))
            .sort((a, b) => a.key - b.key)
            .map(({ one }) => one);
          const judgement = judgeRecords(truthOf(all), ledgerOf(...arrived));
          const asWritten = arrived.length === all.length && arrived.every((one, at) => one === all[at]);
          expect(judgement.status).toBe(asWritten ? 'complete' : 'incomplete');
          expect(judgement.arrived + judgement.missing.length + judgement.torn.length).toBe(
            judgement.written,
          );
          expect(judgement.lost.map(({ sequence }) => sequence)).toEqual(judgement.missing);
        },
      ),
    );
  });
});
