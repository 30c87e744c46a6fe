import type { SenderCounts } from '../field/listen/sender.ts';
import { cut, pad } from './layout.ts';
import { safe } from '../printk/safe.ts';
import type { Paint } from './paint.ts';

/** A sender as the live view shows it. */
export interface LiveSender {
  label: string;
  counts: Readonly<SenderCounts>;
  /** When it was heard last, in milliseconds. */
  lastMs: number;
  /** The last crash's first words. */
  crash: string | null;
}

/** What was shown the last time: rates are what came since. */
export interface LiveBefore {
  atMs: number;
  records: ReadonlyMap<string, number>;
}

const COLUMNS: readonly [name: string, width: number][] = [
  ['records', 10],
  ['a second', 9],
  ['missing', 8],
  ['torn', 5],
  ['heard', 8],
];
const LABEL = { least: 12, most: 30 };

/**
 * Who sends, how much, what was lost, what crashed: at most `height` lines of at most `width` columns, those that were
 * heard last. Gives also what the next call takes as `before`.
 */
export function renderLive(
  senders: readonly LiveSender[],
  before: LiveBefore,
  { nowMs, width, height, paint }: { nowMs: number; width: number; height: number; paint: Paint },
): { lines: string[]; before: LiveBefore } {
  const shown = senders.toSorted((one, other) => other.lastMs - one.lastMs).slice(0, Math.max(1, height - 2));
  const longest = Math.max(LABEL.least, ...shown.map(({ label }) => label.length));
  const labelWidth = Math.min(LABEL.most, longest);
  const row = (label: string, cells: readonly string[], rest: string) => {
    const fixed = cells.map((cell, at) => cell.padStart(COLUMNS[at]?.[1] ?? 0)).join('');
    return cut(`${pad(cut(label, labelWidth), labelWidth)}${fixed}  ${rest}`.trimEnd(), width);
  };
  const seconds = Math.max(0.001, (nowMs - before.atMs) / 1000);
  const lines = shown.map((sender) => {
    const { records, missing, torn, crashes } = sender.counts;
    const rate = (records - (before.records.get(sender.label) ?? 0)) / seconds;
    const cells = [records, Math.round(rate), missing, torn].map(String);
    const crash =
      crashes === 0
        ? ''
        : `${crashes === 1 ? 'crash' : `${crashes} crashes, last`}: ${safe(sender.crash ?? '')}`;
    const line = row(sender.label, [...cells, ago(nowMs - sender.lastMs)], crash);
    if (crashes > 0) return paint('unexpected loss', line);
    return missing + torn > 0 ? paint('known loss', line) : line;
  });
  const hidden = senders.length - shown.length;
  return {
    lines: [
      paint(
        'heading',
        row(
          'sender',
          COLUMNS.map(([name]) => name),
          '',
        ),
      ),
      ...lines,
      ...(hidden > 0 ? [paint('aside', cut(`… and ${hidden} more`, width))] : []),
    ],
    before: { atMs: nowMs, records: new Map(senders.map(({ label, counts }) => [label, counts.records])) },
  };
}

function ago(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}
