import type { LogLine } from '../oops/log-line.ts';
import { dmesgJson, isDmesgJson } from './dmesg-json.ts';
import { isJournal, journal } from './journal.ts';
import { isRaw, isRecords, rawDatagrams, records } from './records.ts';
import { text } from './text.ts';
import type { Transport } from './transport.ts';

/** One way to write a kernel's log down. Lines come without their ends, as byte strings. */
export interface Form {
  take: (line: string) => readonly LogLine[];
  /** What waited for more. */
  finish: () => readonly LogLine[];
  /** What was lost on the way here, as far as records have numbers. */
  readonly transport?: Transport | null;
}

/** The one that these first lines of a log are in: text where it is none of the others. */
export function formOf(lines: readonly string[]): Form {
  const said = lines.filter((line) => line.trim() !== '');
  if (isRaw(said)) return rawDatagrams();
  if (isDmesgJson(said)) return dmesgJson();
  if (isJournal(said)) return journal();
  return isRecords(said) ? records() : text();
}
