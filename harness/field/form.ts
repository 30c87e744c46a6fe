import type { LogLine } from '../oops/log-line.ts';
import { LogLines } from '../oops/log-lines.ts';
import { shownText } from '../printk/byte-string.ts';
import { isJournal, journal } from './journal.ts';
import { isRaw, isRecords, rawDatagrams, records } from './records.ts';

/** One way to write a kernel's log down. Lines come without their ends, as byte strings. */
export interface Form {
  take: (line: string) => readonly LogLine[];
  /** What waited for more. */
  finish: () => readonly LogLine[];
}

/** The one that these first lines of a log are in: text where it is none of the others. */
export function formOf(lines: readonly string[]): Form {
  const said = lines.filter((line) => line.trim() !== '');
  if (isRaw(said)) return rawDatagrams();
  if (isJournal(said)) return journal();
  return isRecords(said) ? records() : text();
}

function text(): Form {
  const lines = new LogLines();
  return { take: (line) => lines.take(shownText(line)), finish: () => lines.finish() };
}
