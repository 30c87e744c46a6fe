import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogReader, readLogText } from '../../harness/field/log.ts';

const messages = readFileSync(new URL('../oops/fixtures/6.12/task-panics.txt', import.meta.url), 'latin1')
  .trimEnd()
  .split('\n')
  .map((line) => line.replace(/^\[ *\d+\.\d{6}\] /, ''));

/** Both are held back by a comma, a brace and a quotation mark in the text. */
const said = [...messages, String.raw`a {"brace"}, and \ more`];
const entries = said.map((MESSAGE, at) => ({
  __CURSOR: `s=a;i=${at}`,
  _TRANSPORT: 'kernel',
  PRIORITY: '4',
  MESSAGE,
}));
const records = said.map((msg, at) => ({ pri: 4, time: at + 0.409116, msg }));
const verbose = entries.map(({ MESSAGE }) =>
  [
    'Wed 2025-11-26 19:49:05.000000 CET [s=abc;i=1;b=0]',
    '    _TRANSPORT=kernel',
    `    MESSAGE=${MESSAGE}`,
    '            and below',
  ].join('\n'),
);

const LAYOUTS: Record<string, string> = {
  'journalctl -o json': entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''),
  'journalctl -o json-pretty': entries.map((entry) => `${JSON.stringify(entry, null, '\t')}\n`).join(''),
  'journalctl -o json-sse': entries.map((entry) => `data: ${JSON.stringify(entry)}\n\n`).join(''),
  'journalctl -o json-seq': entries.map((entry) => `\u001E${JSON.stringify(entry)}\n`).join(''),
  'an array of entries': JSON.stringify(entries),
  'dmesg --json': JSON.stringify({ dmesg: records }, null, 3),
  'dmesg --json | jq -c': `${JSON.stringify({ dmesg: records })}\n`,
  'a search’s answer': JSON.stringify({
    hits: said.map((message) => ({ _source: { message: `[    1.000000] ${message}`, host: { name: 'a' } } })),
  }),
  'a long dmesg --json': JSON.stringify({ dmesg: [], long: 'x'.repeat(2 << 20), records }),
  'a container’s log': said
    .map((text) => `${JSON.stringify({ log: `[    1.000000] ${text}\n`, stream: 'stdout' })}\n`)
    .join(''),
};

const texts = (log: string) => readLogText(Buffer.from(log).toString('latin1')).map(({ text }) => text);

describe('JSON', () => {
  test.each(Object.entries(LAYOUTS))('%s is read like the text it carries', (_, log) => {
    expect(texts(log)).toEqual(said);
  });

  test('comes piece by piece', () => {
    const cut = fc.integer({ min: 1, max: 200 });
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(LAYOUTS)),
        fc.array(cut, { minLength: 1 }),
        (log, sizes) => {
          const reader = new LogReader();
          const lines: string[] = [];
          for (let at = 0, turn = 0; at < log.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            lines.push(...reader.take(log.slice(at, at + size)).map(({ text }) => text));
            at += size;
          }
          expect([...lines, ...reader.finish().map(({ text }) => text)]).toEqual(said);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('an entry that is torn costs no other, and one without an end no memory', () => {
    const [one, two] = entries.map((entry) => JSON.stringify(entry));
    expect(texts(`${one}\n${two?.slice(0, -20)}\n${two}\n`)).toEqual([said[0], said[1]]);
    expect(texts(`${one}\n{"MESSAGE":"${'x'.repeat(5 << 20)}\n${two}\n`)).toEqual([said[0], said[1]]);
  });

  test('of no form that is known is said to be so', () => {
    for (const [log, problems] of [
      ['[{"kind": "Pod", "items": {"a": 1}}]', 1],
      ['{"log": {"nested": 1}}\n', 1],
      [LAYOUTS['dmesg --json'] ?? '', 0],
      ['[    1.000000] {"msg": 1}\n', 0],
    ] as const) {
      const reader = new LogReader();
      reader.take(log);
      reader.finish();
      expect(reader.problems).toHaveLength(problems);
    }
  });
});

test('journalctl -o verbose, where a message has more lines than one', () => {
  expect(texts(`${verbose.join('\n')}\n`)).toEqual(said.flatMap((text) => [text, 'and below']));
});
