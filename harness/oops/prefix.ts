const LEVEL = /^<\d{1,3}>/;
const TIMESTAMP = /^\[ *\d+\.\d{6}\]/;
const CALLER = /^\[ *[TC]\d+\]/;

/**
 * The message text of one console line: without its `<6>` level, `[   12.345678]` timestamp and `[  T123]`
 * caller, in the order print_prefix() of kernel/printk/printk.c writes them, and without a serial line's
 * carriage return. Blanks that belong to the message (` <TASK>`) stay.
 */
export function stripPrefix(line: string): string {
  const whole = line.endsWith('\r') ? line.slice(0, -1) : line;
  const unlevelled = whole.replace(LEVEL, '');
  const text = unlevelled.replace(TIMESTAMP, '').replace(CALLER, '');
  // One blank ends a prefix of timestamp or caller; a bare level has none.
  return text !== unlevelled && text.startsWith(' ') ? text.slice(1) : text;
}
