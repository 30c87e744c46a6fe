import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readLogText } from '../../harness/field/log.ts';
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

test('anything else is text', () => {
  expect(readLogText('[    1.000000] one\r\n[    2.000000] two').map(({ text }) => text)).toEqual([
    'one',
    'two',
  ]);
});
