import type { RecordEvent, Run } from '../lab/record.ts';
import { exitCode } from './exit.ts';
import { replay } from './replay.ts';

/** Counts up when a field changes its meaning or goes away; new fields may appear at any time. */
const JSON_VERSION = 1;

/** What `--json` prints. The fields of a run are those of the run record (harness/lab/record.ts). */
export interface JsonReport {
  version: typeof JSON_VERSION;
  /** How many runs were planned; more than there are when the lab was stopped. */
  planned: number;
  runs: Run[];
  /** The exit code of `crashlab run`. */
  exit: number;
}

export function jsonReport(events: readonly RecordEvent[]): JsonReport {
  const { start, runs } = replay(events);
  return {
    version: JSON_VERSION,
    planned: start?.runs ?? runs.length,
    runs,
    exit: exitCode(events),
  };
}

/** One JSON document, safe on a terminal: what a guest hid in its text is there, but as `\uNNNN`. */
export function renderJson(events: readonly RecordEvent[]): string {
  return renderDocument(jsonReport(events));
}

/** Any value so. */
export function renderDocument(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return `${text.replace(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu, escapeUnits)}\n`;
}

/** Any value so, in one line. */
export function renderLine(value: unknown): string {
  const text = JSON.stringify(value);
  return `${/^[ -~]*$/.test(text) ? text : text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escapeUnits)}\n`;
}

function escapeUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}
