import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogReader, readLogText } from '../../harness/field/log.ts';
import { readCrashes } from '../../harness/oops/crash.ts';

const fixture = readFileSync(new URL('../oops/fixtures/6.12/task-panics.txt', import.meta.url), 'latin1');
/** The same as netconsole's extended format sends it. */
const records = fixture
  .trimEnd()
  .split('\n')
  .map((line, at) => {
    const [, seconds = '0', text = ''] = /^\[ *(\d+\.\d{6})\] (.*)$/.exec(line) ?? [];
    return `4,${700 + at},${seconds.replace('.', '')},-;${text}`;
  });
const judge = (lines: readonly string[]) => readCrashes(readLogText(`${lines.join('\n')}\n`));

describe('a log of extended records', () => {
  test('is read like the text it carries', () => {
    const { crashes, whole, why } = judge(records);
    expect(crashes).toMatchObject([{ kind: 'invalid-opcode', panic: 'Fatal exception' }]);
    expect([whole, why]).toEqual([true, []]);
  });

  test('any one that is missing in the report is named, a frame or a free line as well', () => {
    for (let at = 1; at < records.length - 1; at += 1) {
      const { whole, why } = judge(records.toSpliced(at, 1));
      expect([at, whole, why]).toEqual([at, false, expect.arrayContaining(['One record is missing in it.'])]);
    }
  });

  test('in any order, each twice: the same', () => {
    const shuffled = [...records.slice(20), ...records.slice(0, 20), ...records].join('\n');
    expect(readLogText(shuffled).map(({ text }) => text)).toEqual(
      readLogText(records.join('\n')).map(({ text }) => text),
    );
  });

  test('fragments are put together, a dictionary is no line', () => {
    const rest = '4,1,5,-,ncfrag=6/13; panic\n4,2,6,-;next\n DEVICE=+x\n';
    for (const glue of ['\n', '']) {
      const log = `4,1,5,-,ncfrag=0/13;Kernel${glue}${rest}`;
      expect(readLogText(log).map(({ text }) => text)).toEqual(['Kernel panic', 'next']);
    }
  });
});

/** Of each machine or boot that the lines are told to be of. */
const logs = (lines: readonly string[]) => {
  const found = new Map<string, string[]>();
  for (const { host = '', text } of readLogText(`${lines.join('\n')}\n`))
    found.set(host, [...(found.get(host) ?? []), text]);
  return found;
};

describe('extended records that are not alone', () => {
  const own = readLogText(records.join('\n')).map(({ text }) => text);
  const numbered = (first: number, timeUs: number) =>
    own.map((text, at) => `4,${first + at},${timeUs + at},-;${text}`);
  const chat = Array.from({ length: 300 }, (_, at) => `[    1.${100_000 + at}] usb ${at}: new device`);

  test.each([
    ['a time and an address', '2025-11-26T19:49:05+00:00 10.0.0.7 ', '10.0.0.7'],
    ['an address of IPv6', '::ffff:10.0.0.7 ', '::ffff:10.0.0.7'],
    ['a name', 'web1: ', 'web1'],
  ])('stand behind %s', (_, prefix, host) => {
    expect(logs(records.map((line) => prefix + line))).toEqual(new Map([[host, own]]));
  });

  test('are found among text, wherever they begin', () => {
    const { crashes } = judge([...chat, ...records]);
    expect(crashes).toMatchObject([{ lines: { first: 301, last: 300 + records.length } }]);
    const mixed = logs(chat.flatMap((line, at) => [line, ...records.slice(at, at + 1)]));
    expect([...mixed.values()].map((lines) => lines.length)).toEqual(
      expect.arrayContaining([records.length]),
    );
  });

  test('are none where a message quotes one', () => {
    expect(texts('[    1.000000] cat: 4,1,5,-;Kernel panic')).toEqual(['cat: 4,1,5,-;Kernel panic']);
  });

  test.each([
    ['start over', numbered(500, 7_000_000), numbered(510, 2_000_000)],
    ['jump', numbered(500, 2_000_000), numbered(90_000, 7_000_000)],
  ])('are another log’s where the numbers %s, one after the other or line by line', (_, first, second) => {
    const turns = first.flatMap((line, at) => [line, second[at] ?? '']);
    for (const [lines, place] of [
      [[...first, ...second], 1 + first.length],
      [turns, 2],
    ] as const) {
      const anew = `records from line ${place} on, where the numbers begin anew`;
      expect(logs(lines)).toEqual(
        new Map([
          ['records', own],
          [anew, own],
        ]),
      );
    }
  });

  test('of more logs than are told apart are counted, not dropped without a word', () => {
    const reader = new LogReader();
    reader.take(Array.from({ length: 20 }, (_, at) => `4,${at * 5000},${at},-;text\n`).join(''));
    reader.finish();
    expect(reader.problems).toEqual([expect.stringContaining('4 records were not read')]);
  });
});

const texts = (log: string) => readLogText(log).map(({ text }) => text);

test('anything else is text', () => {
  expect(texts('[    1.000000] one\r\n[    2.000000] two')).toEqual(['one', 'two']);
});

test('the raw datagrams of crashlab listen are put in order, and what is missing counts', () => {
  const log = records
    .toSpliced(20, 1)
    .map((payload, at) => `${JSON.stringify({ atMs: at, payload: `${payload}\n` })}\n`)
    .join('');
  const { crashes, why } = readCrashes(readLogText(log));
  expect(crashes).toMatchObject([{ kind: 'invalid-opcode' }]);
  expect(why).toEqual(['One record is missing in it.']);
  const basic = `{"atMs":1.5,"payload":"half "}\n{"atMs":2,"payload":"a line\\nrest"}\n{"atMs":3,"pay`;
  expect(texts(basic)).toEqual(['half a line', 'rest']);
});

test('dmesg --json', () => {
  const log = String.raw`{
   "dmesg": [
      {
         "pri": 5,
         "time":     0.000000,
         "caller": "T0",
         "msg": "Linux \"version\" \u00fc"
      },{
         "pri": 6,
         "time":     1.234567,
         "msg": "two\nlines"
      }
   ]
}
`;
  expect(readLogText(Buffer.from(log).toString('latin1'))).toEqual([
    { text: 'Linux "version" ü', caller: 'T0', stamped: true },
    { text: 'two', caller: null, stamped: true },
    { text: 'lines', caller: null, stamped: true },
  ]);
});

describe('journald', () => {
  test('its export format: the kernel’s entries, those with line ends in them too', () => {
    const binary = 'two\nlines';
    const log = [
      '__CURSOR=s=1',
      '_TRANSPORT=kernel',
      'MESSAGE=one',
      '',
      '__CURSOR=s=2',
      'MESSAGE=of a service: Kernel panic - not syncing: no',
      '_TRANSPORT=syslog',
      '',
      '__CURSOR=s=3',
      '_TRANSPORT=kernel',
      `MESSAGE\n${String.fromCharCode(binary.length)}${'\0'.repeat(7)}${binary}`,
      'PRIORITY=6',
      '',
      '__CURSOR=s=4',
      'MESSAGE=last',
    ].join('\n');
    expect(texts(log)).toEqual(['one', 'two', 'lines', 'last']);
  });

  test('a length that is wrong swallows no other entry', () => {
    const log = `__CURSOR=s=1\nMESSAGE\n${'\xff'.repeat(8)}x\n\n__CURSOR=s=2\nMESSAGE=here\n\n`;
    expect(texts(log)).toEqual(['here']);
  });

  test('its JSON: texts, and bytes where it is none', () => {
    const log = `{"__CURSOR":"a","MESSAGE":"Zeile ü","_TRANSPORT":"kernel"}
{"__CURSOR":"b","MESSAGE":"no","_TRANSPORT":"stdout"}
{"__CURSOR":"c","MESSAGE":[111,255],"_TRANSPORT":"kernel"}
{"__CURSOR":"d","MESS`;
    expect(texts(Buffer.from(log).toString('latin1'))).toEqual(['Zeile ü', 'o\uFFFD']);
  });
});

describe('a log that comes piece by piece', () => {
  const forms = [fixture, records.join('\n'), 'x'.repeat(300_000), 'no end', '\r\n\n', ''];

  test('is the same, wherever it was cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...forms),
        fc.infiniteStream(fc.integer({ min: 1, max: 9000 })),
        (log, sizes) => {
          const reader = new LogReader();
          const lines = [];
          for (let at = 0; at < log.length;) {
            const size = Number(sizes.next().value);
            lines.push(...reader.take(log.slice(at, at + size)));
            at += size;
          }
          lines.push(...reader.finish());
          expect(lines).toEqual(readLogText(log));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('a line without an end takes no more room than a long one', () => {
    const reader = new LogReader();
    for (let piece = 0; piece < 100; piece += 1) expect(reader.take('y'.repeat(1 << 20))).toEqual([]);
    expect(reader.take('\nnext\n')).toEqual([]);
    expect(reader.finish().map(({ text }) => text.length)).toEqual([65_536, 4]);
  });

  test('nor does a dictionary or a basic line without an end', () => {
    const endless = [
      `${records[0]}\n${' k=v\n'.repeat(100_000)}`,
      `${JSON.stringify({ atMs: 1, payload: 'y'.repeat(60_000) })}\n`.repeat(10),
    ];
    for (const log of endless) {
      const longest = Math.max(...readLogText(log).map(({ text }) => text.length));
      expect(longest).toBeLessThan(200_000);
    }
  });
});
