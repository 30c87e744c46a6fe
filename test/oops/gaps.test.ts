import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readCrashes } from '../../harness/oops/crash.ts';
import { type LogLine, readLog } from '../../harness/oops/log-line.ts';

const linesOf = (file: string) =>
  readLog(readFileSync(new URL(`fixtures/${file}.txt`, import.meta.url), 'latin1').trimEnd());
const chatter = readLog('[ 20.000000] eth0: link up\n[ 20.000001] eth0: link down');
/** Three records are known to be missing before a line. */
const lostBefore = (lines: readonly LogLine[], at: number) =>
  lines.map((line, index) => (index === at ? { ...line, lostBefore: 3 } : line));

const ended = ['6.12/task', '6.12/null', '6.12/warning', '6.1/bug', '6.12/task-panics', 'arm64-6.12/task'];

describe('records that are missing behind a report', () => {
  test.each(ended)('%s had come to its end: they are none of it', (file) => {
    const lines = linesOf(file);
    const last = readCrashes(lines).crashes.at(-1)?.lines.last ?? 0;
    const text = [...lines.slice(0, last), ...chatter];
    expect(readCrashes(text).whole).toBe(true);
    for (const at of [last, last + 1]) expect(readCrashes(lostBefore(text, at)).whole).toBe(true);
    expect(readCrashes(lostBefore(text, last - 1)).whole).toBe(false);
  });

  test.each(ended.filter((file) => !file.endsWith('-panics')))(
    '%s without its last line: that one may be among them',
    (file) => {
      const lines = linesOf(file);
      const last = readCrashes(lines).crashes.at(-1)?.lines.last ?? 0;
      const text = [...lines.slice(0, last - 1), ...chatter];
      expect(readCrashes(lostBefore(text, last - 1)).whole).toBe(false);
    },
  );

  test('a soft lockup ends with the stack of its task', () => {
    const lines = linesOf('6.12/soft-lockup');
    const end = lines.findLastIndex(({ text }) => text === ' </TASK>') + 1;
    const text = [...lines.slice(0, end), ...chatter];
    for (const at of [end, end + 1]) expect(readCrashes(lostBefore(text, at)).whole).toBeNull();
    expect(readCrashes(lostBefore(text, end - 1)).whole).toBe(false);
  });

  test('where a panic goes on behind them its first line is among them', () => {
    const lines = linesOf('6.12/task-panics');
    const panic = lines.findIndex(({ text }) => text.startsWith('Kernel panic'));
    const tail = lines.toSpliced(panic, 1).slice(0, -1);
    expect(tail.at(-1)?.text).toContain('Kernel Offset: ');
    expect(readCrashes(lostBefore(tail, panic)).whole).toBe(false);
  });
});
