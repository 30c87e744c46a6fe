import type { PrintkRecord } from '../printk/record.ts';

/**
 * The lines that a console prints of a record, byte strings: Linux kernel/printk/printk.c, record_print_text().
 * `caller`: as kernels with CONFIG_PRINTK_CALLER do.
 */
export function printedLines(record: PrintkRecord, caller = false): string[] {
  const stamp = printedStamp(record, caller);
  return record.text.split('\n').map((line) => stamp + line);
}

/** What each line of a record begins with, as `[    5.123456] ` or `[    5.123456][    T1] `. */
export function printedStamp({ timestampUs, caller }: PrintkRecord, withCaller: boolean): string {
  const seconds = String(Math.floor(timestampUs / 1_000_000)).padStart(5);
  const micros = String(timestampUs % 1_000_000).padStart(6, '0');
  return `[${seconds}.${micros}]${withCaller ? `[${caller.padStart(6)}]` : ''} `;
}

/** The time that a line begins with; NaN for one without. */
export function printedMicroseconds(line: string): number {
  const [, seconds, micros] = /^\[ *(\d+)\.(\d{6})\]/.exec(line) ?? [];
  return Number(seconds) * 1_000_000 + Number(micros);
}
