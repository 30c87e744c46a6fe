/** One line of a kernel's log, taken apart. */
export interface LogLine {
  /** The message, without what the kernel or a collector wrote before it. */
  text: string;
  /** Who spoke, as `CONFIG_PRINTK_CALLER` says it: `T123` a task, `C0` a CPU; null where nobody says. */
  caller: string | null;
  /** Whether the kernel's own timestamp stood before it. */
  stamped: boolean;
  /** When it was said: in seconds since boot, or the prefix that a timestamp stands in, which `secondsOf` reads. */
  time?: number | string | undefined;
  /** Records that are known to be missing right before it: where they have numbers. */
  lostBefore?: number;
}

/** `[   12.345678]`, also with a tab or a date in it (`dmesg -T`). */
const STAMP = String.raw`\[[ \t]*\d+\.\d{4,6}\]|\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\]`;
const CALLER = String.raw`\[ *([TC]\d+)\]`;
const PREFIX = new RegExp(`(?:${STAMP}) ?(?:${CALLER} ?)?`, 'g');

/** `Nov 26 19:49:05 host kernel: `, the same with an ISO date; `kern  :warn  : ` of `dmesg -x`. */
const SYSLOG =
  /^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*) (?:\S+ )?kernel(?:\[\d+\])?: ?/;
const DECODED_LEVEL = /^(?:kern|user|daemon) *: ?(?:emerg|alert|crit|err|warn|notice|info|debug) *: ?/;
const LEVEL = /^<\d{1,3}>/;
/** What some programs put before what they copy. */
const DATED = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /;

/**
 * The lines in one line of a log. More than one where a line without an end was followed by the next: a timestamp in the
 * middle begins another.
 */
export function readLogLines(line: string): LogLine[] {
  const whole = line.endsWith('\r') ? line.slice(0, -1) : line;
  const bare = whole.replace(SYSLOG, '').replace(DECODED_LEVEL, '').replace(LEVEL, '').replace(DATED, '');
  if (!bare.includes('[')) return [{ text: bare, caller: null, stamped: false, time: undefined }];
  const lines: LogLine[] = [];
  let from = 0;
  let caller: string | null = null;
  let stamped = false;
  let time: string | undefined;
  for (const prefix of bare.matchAll(PREFIX)) {
    if (prefix.index > from || stamped)
      lines.push({ text: bare.slice(from, prefix.index), caller, stamped, time });
    from = prefix.index + prefix[0].length;
    caller = prefix[1] ?? null;
    time = prefix[0];
    stamped = true;
  }
  lines.push({ text: bare.slice(from), caller, stamped, time });
  return lines.filter(({ text }, index) => index === lines.length - 1 || text.trim() !== '');
}

/** The lines of a message that the kernel itself kept apart from others: they have no prefixes. */
export function linesOfMessage(message: string, caller: string | null): LogLine[] {
  return message.split('\n').map((text) => ({ text, caller, stamped: true }));
}

/** Seconds since boot; null where it has no timestamp, or one of a calendar's. */
export function secondsOf({ time }: LogLine): number | null {
  if (time === undefined || typeof time === 'number') return time ?? null;
  const seconds = /^\[[ \t]*(\d+\.\d+)\]/.exec(time)?.[1];
  return seconds === undefined ? null : Number(seconds);
}

/** A whole text. */
export function readLog(text: string): LogLine[] {
  return text.split('\n').flatMap((line) => readLogLines(line));
}
