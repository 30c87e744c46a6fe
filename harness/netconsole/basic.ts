/** A line of the basic format, without its newline; a byte string. */
export interface BasicLine {
  text: string;
  /** Arrival of the datagram that ended it. */
  atMs: number;
}

/**
 * The lines of basic datagrams, in order of arrival. The kernel cuts a message every 1000 bytes with no mark
 * and puts several lines into one datagram, so only newlines divide. The last line may have none.
 */
export function basicLines(datagrams: readonly { text: string; atMs: number }[]): BasicLine[] {
  const lines: BasicLine[] = [];
  let open: string[] = [];
  for (const { text, atMs } of datagrams) {
    const parts = text.split('\n');
    const rest = parts.pop() ?? '';
    for (const part of parts) {
      lines.push({ text: [...open, part].join(''), atMs });
      open = [];
    }
    if (rest !== '') open.push(rest);
  }
  const last = datagrams.at(-1);
  if (open.length > 0 && last) lines.push({ text: open.join(''), atMs: last.atMs });
  return lines;
}
