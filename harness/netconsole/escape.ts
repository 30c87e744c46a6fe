import { cutAt } from '../printk/byte-string.ts';

/**
 * Undoes the escapes of the extended format: `\xNN`, lower case, for a byte below 0x20, from 0x7f up, and the
 * backslash itself (`msg_add_ext_text()` in kernel/printk/printk.c). Byte string in, byte string out.
 *
 * Where the kernel's buffer ends inside an escape, what is left of it (`\`, `\x`, `\xN`, and one more
 * character that still had room) stays as it stands and `cut` says so. A hex digit as that one more character
 * makes a whole escape of another byte: the wire cannot tell.
 */
export function decodeEscapes(escaped: string): { text: string; cut: boolean } {
  if (!escaped.includes('\\')) return { text: escaped, cut: false };
  let cut = false;
  const text = escaped.replace(/\\(?:x([0-9a-f]{2}))?/g, (found, hex: string | undefined) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    cut = true;
    return found;
  });
  return { text, cut };
}

export interface SplitBody {
  /** The message, still escaped. */
  text: string;
  /** As on the wire, in order; a key can come twice. */
  dictionary: [key: string, value: string][];
  /** The message, and the dictionary's last line, have their newline. */
  whole: boolean;
}

/**
 * The body of a whole record: the escaped message up to the first newline (its own are escaped), then lines
 * ` KEY=value`: the device's SUBSYSTEM and DEVICE, then userdata, then cpu, taskname, release, msgid.
 *
 * Userdata and task names are sent unescaped, so a value can have newlines: a line that is no ` KEY=` goes on
 * with the value before it. A record that fills a datagram of 1000 bytes with a release to the last byte has
 * the NUL of the kernel's `scnprintf()` in place of the last newline (read in its source, not yet seen).
 */
export function splitBody(body: string): SplitBody {
  const whole = body.endsWith('\n') || body.endsWith('\0');
  const [text, rest] = cutAt(whole ? body.slice(0, -1) : body, '\n');
  const dictionary: SplitBody['dictionary'] = [];
  for (const line of rest === '' ? [] : rest.split('\n')) {
    const last = dictionary.at(-1);
    const entry = /^ [^=]+=/.test(line);
    if (entry || !last) dictionary.push(entry ? cutAt(line.slice(1), '=') : ['', line]);
    else last[1] += `\n${line}`;
  }
  return { text, dictionary, whole };
}
