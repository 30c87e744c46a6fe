import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readCrashes } from '../../harness/oops/crash.ts';
import { type LogLine, readLog } from '../../harness/oops/log-line.ts';
import { Segments } from '../../harness/oops/segments.ts';

const fixture = (name: string) =>
  readLog(readFileSync(new URL(`fixtures/${name}.txt`, import.meta.url), 'latin1').trimEnd());
const crash = fixture('6.12/task-panics');
const boot = fixture('6.12/boot');
const quiet = (count: number): LogLine[] =>
  Array.from({ length: count }, (_, at) => ({ text: `usb ${at}: new device`, caller: null, stamped: true }));

const bare = (text: string): LogLine => ({ text, caller: null, stamped: false });

function segmentsOf(lines: readonly LogLine[]) {
  const segments = new Segments();
  const found = lines.flatMap((line) => segments.take(line));
  return [...found, ...segments.finish()];
}

describe('a log, cut into what has crashes in it', () => {
  test('a clean one has none', () => {
    expect(segmentsOf([...boot, ...quiet(5000)])).toEqual([]);
  });

  test('crashes far from each other are read apart, with the numbers of their lines', () => {
    const log = [...quiet(50), ...crash, ...quiet(5000), ...crash];
    const segments = segmentsOf(log);
    expect(segments).toHaveLength(2);
    for (const { first, lines } of segments) expect(log[first - 1]).toBe(lines[0]);
    const { crashes, whole } = readCrashes(log);
    expect(whole).toBe(true);
    expect(crashes.map(({ lines }) => lines)).toEqual([
      { first: 51, last: 50 + crash.length },
      { first: 5051 + crash.length, last: 5050 + 2 * crash.length },
    ]);
  });

  test('however many follow each other, a stretch has no more than ten thousand lines', () => {
    const log = Array.from({ length: 1000 }, () => crash).flat();
    const segments = segmentsOf(log);
    expect(segments.length).toBeGreaterThan(4);
    expect(Math.max(...segments.map(({ lines }) => lines.length))).toBeLessThanOrEqual(10_000);
    const { crashes, whole } = readCrashes(log);
    expect(crashes).toHaveLength(1000);
    expect(whole).toBe(true);
  });

  test('a line that opens a report belongs to it', () => {
    const bar = { text: '='.repeat(66), caller: null, stamped: true };
    const [segment] = segmentsOf([
      ...quiet(3),
      bar,
      { ...bar, text: 'BUG: KASAN: use-after-free in f+0x1/0x2' },
    ]);
    expect(segment).toMatchObject({ first: 4, lines: [bar, {}] });
  });

  test('what only looks like a report is a firmware’s, where the kernel’s lines have timestamps', () => {
    const firmware = [
      bare('WARNING: no VPD here'),
      ...Array.from({ length: 2000 }, (_, at) => bare(`${at}`)),
    ];
    expect(segmentsOf(firmware)).toHaveLength(1);
    expect(segmentsOf([...firmware, ...boot])).toEqual([]);
    expect(segmentsOf([...firmware, ...crash])).toMatchObject([{ first: 2002 }]);
  });

  test('what the log said long before counts: panic=-1 leaves a panic without an end', () => {
    const command = { text: 'Command line: quiet panic=-1', caller: null, stamped: true };
    const cut = crash.slice(0, -1);
    expect(readCrashes([...quiet(10), ...cut]).whole).toBe(false);
    expect(readCrashes([command, ...quiet(5000), ...cut]).whole).toBeNull();
  });

  test('a crash that is left when a stretch was full is none the less sure', () => {
    const hung = [bare('INFO: task cat:9 blocked for more than 120 seconds.'), ...quiet(20)].map(({ text }) =>
      bare(text),
    );
    const many = Array.from({ length: Math.ceil(10_000 / hung.length) }, () => hung).flat();
    const later = quiet(2000).map(({ text }) => bare(text));
    expect(readCrashes([...many, ...later, ...boot]).crashes).toHaveLength(many.length / hung.length);
  });
});
