import { linesOfMessage, type LogLine } from '../oops/log-line.ts';
import { shownText } from '../printk/byte-string.ts';
import type { Form } from './form.ts';

/** journald's export format, and what it shows with `-o verbose`: both name each entry's place in the journal. */
export function isJournal(lines: readonly string[]): boolean {
  return lines.some((line) => line.startsWith('__CURSOR=') || VERBOSE.test(line));
}

/** `Wed 2025-11-26 19:49:05.000000 CET [s=…;i=…]`, and four blanks before each field of the entry. */
const VERBOSE = /^\S+ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S*(?: \S+)? \[s=[\da-f]+;/;
const FIELD = /^ {4}([A-Z_][A-Z\d_]*)=(.*)$/;

/** No message of the kernel's comes near it. */
const LONGEST_VALUE = 1 << 20;

/** The kernel's own entries; an entry that does not say whose it is counts as one of them. */
export function journal(): Form {
  const entry = new Entry();
  return { take: (line) => entry.take(line), finish: () => entry.finish() };
}

/**
 * One entry of the export format (systemd.io/JOURNAL_EXPORT_FORMATS): `FIELD=value` a line, or a field alone, eight bytes
 * of length (little-endian) and the value, where that has line ends or is no text; a blank line ends it.
 */
class Entry {
  #fields: Record<string, string> = {};
  /** Shown with `-o verbose`: a value's other lines stand below its first. */
  #isVerbose = false;
  /** The field whose value is being put together, and how many bytes of it are still to come; -1: not known yet. */
  #binary: { field: string; value: string; missing: number } | undefined;

  take(line: string): LogLine[] {
    // A length that is wrong, or a line that was cut, must not swallow the entries behind it.
    if (this.#binary && line.startsWith('__CURSOR=')) this.#binary = undefined;
    if (this.#binary) {
      this.#addTo(this.#binary, line);
      return [];
    }
    if (VERBOSE.test(line)) {
      const lines = this.finish();
      this.#isVerbose = true;
      return lines;
    }
    if (this.#isVerbose) {
      this.#show(line);
      return [];
    }
    if (line === '') return this.finish();
    const at = line.indexOf('=');
    if (at === -1) this.#binary = { field: line, value: '', missing: -1 };
    else this.#field(line.slice(0, at), line.slice(at + 1));
    return [];
  }

  finish(): LogLine[] {
    const lines = linesOfEntry(this.#fields, shownText);
    this.#fields = {};
    this.#isVerbose = false;
    this.#binary = undefined;
    return lines;
  }

  #field(name: string, value: string): void {
    if (TOLD.has(name)) this.#fields[name] = value;
  }

  #show(line: string): void {
    const [, name, value = ''] = FIELD.exec(line) ?? [];
    if (name !== undefined) this.#field(name, value);
    else if (
      line.startsWith(BELOW_MESSAGE) &&
      (this.#fields['MESSAGE']?.length ?? LONGEST_VALUE) < LONGEST_VALUE
    )
      this.#fields['MESSAGE'] += `\n${line.slice(BELOW_MESSAGE.length)}`;
  }

  #addTo(binary: { field: string; value: string; missing: number }, line: string): void {
    binary.value += `${line}\n`;
    if (binary.value.length > LONGEST_VALUE) this.#binary = undefined;
    if (binary.missing === -1 && binary.value.length >= 8) {
      binary.missing = lengthOf(binary.value.slice(0, 8));
      binary.value = binary.value.slice(8);
    }
    // One more: the line end behind it.
    if (binary.missing === -1 || binary.value.length <= binary.missing) return;
    this.#field(binary.field, binary.value.slice(0, binary.missing));
    this.#binary = undefined;
  }
}

function lengthOf(bytes: string): number {
  return Number(Buffer.from(bytes, 'latin1').readBigUInt64LE());
}

/** The fields that count here. */
const TOLD = new Set(['_TRANSPORT', 'MESSAGE', '_HOSTNAME', '_BOOT_ID']);
const BELOW_MESSAGE = ' '.repeat('    MESSAGE='.length);
const BOOT_SHOWN = 8;

/** The lines of one entry, where it is the kernel's; bytes that are no text may come as an array of numbers. */
export function linesOfEntry(
  fields: Record<string, unknown>,
  decode: (text: string) => string = (text) => text,
): LogLine[] {
  const { MESSAGE: message, _TRANSPORT: transport = 'kernel', _HOSTNAME: name, _BOOT_ID: boot } = fields;
  if (transport !== 'kernel') return [];
  if (typeof message !== 'string' && !Array.isArray(message)) return [];
  const text =
    typeof message === 'string'
      ? decode(message)
      : shownText(Buffer.from(message.map(Number)).toString('latin1'));
  const lines = linesOfMessage(text, null);
  const of = [
    ...(typeof name === 'string' ? [decode(name)] : []),
    ...(typeof boot === 'string' ? [`boot ${boot.slice(0, BOOT_SHOWN)}`] : []),
  ];
  if (of.length > 0) for (const line of lines) line.host = of.join(', ');
  return lines;
}
