import { readLine } from './line.ts';
import { LogLines } from './log-lines.ts';

/** One line of a kernel's log, taken apart. */
export interface LogLine {
  /** The message, without what the kernel or a collector wrote before it. */
  text: string;
  /** Who spoke, as `CONFIG_PRINTK_CALLER` says it: `T123` a task, `C0` a CPU; null where nobody says. */
  caller: string | null;
  /** Whether the kernel's own timestamp stood before it, or a collector says that it is the kernel's. */
  stamped: boolean;
  /** When it was said: in seconds since boot, or the prefix that a timestamp stands in, which `secondsOf` reads. */
  time?: number | string | undefined;
  /** Records that are known to be missing right before it: where they have numbers. */
  lostBefore?: number;
  /** Its number in the log, from 1, where that is not the one after the line before. */
  at?: number;
  /** Whose line it is, where a collector says so; empty where it is certainly not that of the line before. */
  host?: string;
}

/** The lines in one line of a log, which is all that is known of it. */
export function readLogLines(line: string): LogLine[] {
  return readLine(line);
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
  const lines = new LogLines();
  return [...text.split('\n').flatMap((line) => lines.take(line)), ...lines.finish()];
}
