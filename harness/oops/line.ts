import { readBeforeStamp, readKernelPrefix } from './collector.ts';
import type { LogLine } from './log-line.ts';

/** `[   12.345678]`, also with a tab or a date in it (`dmesg -T`, in any language). */
const KERNEL = String.raw`\[[ \t]*\d+\.\d{4,6}\]|\[[^\s\d[\]]{2,8} [^\s\d[\]]{2,8} [ \d]\d \d\d:\d\d:\d\d \d{4}\]`;
const CALLER = String.raw`\[ *([TC]\d+)\]`;
const PREFIX = new RegExp(`(?:${KERNEL}) ?(?:${CALLER} ?)?`, 'g');

/**
 * What stands in its place at the beginning of a line, as util-linux writes it: with what has passed since the line before
 * (`dmesg -d`), that alone (`-H`, `-e`, `--time-format=delta`), the minute (`-H`), ISO 8601; and Linux with milliseconds.
 */
const SINCE = String.raw`<[ +]*\d+\.\d+>`;
const STAMP = [
  KERNEL,
  String.raw`\[[ \t]*\d+\.\d{4,6} +${SINCE}\]|\[${SINCE}\]|\[ *\+\d+\.\d{6}\]`,
  String.raw`\[[^\s\d[\]]{2,8} ?[ \d]\d \d\d:\d\d\]|\[[^\s\d[\]]{2,8} [^\s\d[\]]{2,8} [ \d]\d \d\d:\d\d:\d\d \d{4} ${SINCE}\]`,
  String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{6}[+-]\d\d:\d\d(?= )`,
  String.raw`\[ *\d+\.\d{3}\]`,
].join('|');
/** Behind the stamp: who spoke, as MediaTek, Qualcomm and Samsung have it. */
const VENDOR = String.raw` ?\(\d\)\[\d+:[^\]]{1,16}\]|c\d{1,2} (?: {4}\d| {3}\d\d| {2}\d{3}| \d{4}|\d{5,7}) |[I ]?\[\d: *[^\]:]{1,16}: *\d+\] ?`;
const AT_START = new RegExp(`^(?:${STAMP}) ?(?:${CALLER} ?|${VENDOR})?`);
/** Nearly every line that has none is told at once. */
const STAMPS = /^[[\d]/;
/** `journalctl -o short-monotonic` has the same stamp. */
const JOURNAL = /^([\w.-]+) kernel(?:\[\d+\])?: /;

const LEVEL = /^<\d{1,3}>/;
/** What some programs put before what they copy. */
const DATED = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /;
/** A terminal's colours, and its order to clear the rest of a line: no message has them. */
const COLOURS = /\u001B\[[\d;]*[mK]/g;
const MARK = '\uFEFF';

/** A line without what belongs to none: the ends of serial lines, colours, the mark before a whole file. */
export function cleanLine(line: string): string {
  const shown = line.includes('\u001B') ? line.replace(COLOURS, '') : line;
  let to = shown.length;
  while (shown.charCodeAt(to - 1) === 0x0d) to -= 1;
  const whole = to === shown.length ? shown : shown.slice(0, to);
  return whole.startsWith(MARK) ? whole.slice(1) : whole;
}

/**
 * The lines in one line of a log. More than one where a line without an end was followed by the next: a timestamp in the
 * middle begins another, unless what stands before it is `dropped`: a collector's.
 */
export function readLine(line: string, dropped: (before: string) => boolean = () => false): LogLine[] {
  const whole = cleanLine(line);
  const first = whole.charCodeAt(0);
  // Nearly every line begins with its timestamp.
  const known = first === 0x5b ? null : readKernelPrefix(whole);
  const unlabelled = known ? whole.slice(known.length) : whole;
  const bare = unlabelled.replace(LEVEL, '').replace(DATED, '');
  let host = known?.host ?? null;
  let stamped = known !== null;
  let caller: string | null = null;
  let time: string | undefined;
  let from = 0;
  const start = STAMPS.test(bare) ? AT_START.exec(bare) : null;
  if (start) {
    [time] = start;
    from = time.length;
    stamped = true;
    caller = start[1] ?? null;
    const journal = JOURNAL.exec(bare.slice(from, from + MOST_HOST));
    if (journal) {
      from += journal[0].length;
      host = journal[1] ?? null;
    }
  }
  const lines: LogLine[] = [];
  const add = (to?: number) => {
    const text = bare.slice(from, to);
    if (to === undefined || text.trim() !== '') lines.push({ text, caller, stamped, time });
  };
  if (bare.includes('[', from)) {
    PREFIX.lastIndex = from;
    for (let stamp = PREFIX.exec(bare); stamp; stamp = PREFIX.exec(bare)) {
      const before = stamped ? null : readBeforeStamp(bare.slice(0, stamp.index));
      host ??= before?.host ?? null;
      if (before === null && (stamped || !dropped(bare.slice(0, stamp.index)))) add(stamp.index);
      from = PREFIX.lastIndex;
      caller = stamp[1] ?? null;
      [time] = stamp;
      stamped = true;
    }
  }
  add();
  if (host !== null) for (const one of lines) one.host = host;
  return lines;
}

const MOST_HOST = 80;
