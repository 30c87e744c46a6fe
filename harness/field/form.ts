import type { LogLine } from '../oops/log-line.ts';
import { isJournal, journal } from './journal.ts';
import { isRaw, rawDatagrams } from './records.ts';
import { text } from './text.ts';
import type { Transports } from './transport.ts';

/** One way to write a kernel's log down. Lines come without their ends, as byte strings. */
export interface Form {
  take: (line: string) => readonly LogLine[];
  /** What waited for more. */
  finish: () => readonly LogLine[];
  /** What could not be read, a sentence each. */
  readonly problems?: string[];
  /** What was lost on the way here, as far as records have numbers, by whose they are. */
  readonly transports?: Transports;
}

/** The one that these first lines of a log are in: text where it is none of the others. */
export function formOf(lines: readonly string[]): Form {
  const said = lines.filter((line) => line.trim() !== '');
  if (isRaw(said)) return rawDatagrams();
  if (isJournal(said)) return journal();
  return text();
}
