import { linesOfMessage, type LogLine } from '../oops/log-line.ts';
import { shownText } from '../printk/byte-string.ts';
import type { Form } from './form.ts';

/** journald's export format and its JSON: both name each entry's place in the journal. */
export function isJournal(lines: readonly string[]): boolean {
  return isExport(lines) || isJson(lines);
}

const isExport = (lines: readonly string[]) => lines.some((line) => line.startsWith('__CURSOR='));
const isJson = ([first = '']: readonly string[]) => /^\{.*"(?:__CURSOR|MESSAGE)"\s*:/.test(first);

/** No message of the kernel's comes near it. */
const LONGEST_VALUE = 1 << 20;

/** The kernel's own entries; an entry that does not say whose it is counts as one of them. */
export function journal(): Form {
  const entry = new Entry();
  return {
    take: (line) => (line.startsWith('{') && !entry.begun ? readJson(line) : entry.take(line)),
    finish: () => entry.finish(),
  };
}

/**
 * One entry of the export format (systemd.io/JOURNAL_EXPORT_FORMATS): `FIELD=value` a line, or a field alone, eight bytes
 * of length (little-endian) and the value, where that has line ends or is no text; a blank line ends it.
 */
class Entry {
  begun = false;
  #transport = 'kernel';
  #message: string | undefined;
  /** The field whose value is being put together, and how many bytes of it are still to come; -1: not known yet. */
  #binary: { field: string; value: string; missing: number } | undefined;

  take(line: string): LogLine[] {
    // A length that is wrong, or a line that was cut, must not swallow the entries behind it.
    if (this.#binary && line.startsWith('__CURSOR=')) this.#binary = undefined;
    if (this.#binary) {
      this.#addTo(this.#binary, line);
      return [];
    }
    if (line === '') return this.finish();
    this.begun = true;
    const at = line.indexOf('=');
    if (at === -1) this.#binary = { field: line, value: '', missing: -1 };
    else this.#field(line.slice(0, at), line.slice(at + 1));
    return [];
  }

  finish(): LogLine[] {
    const lines = linesOf(this.#message, this.#transport);
    this.begun = false;
    this.#transport = 'kernel';
    this.#message = undefined;
    this.#binary = undefined;
    return lines;
  }

  #field(name: string, value: string): void {
    if (name === '_TRANSPORT') this.#transport = value;
    if (name === 'MESSAGE') this.#message = value;
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

function readJson(line: string): LogLine[] {
  try {
    const entry: Record<string, unknown> = JSON.parse(shownText(line));
    const { MESSAGE: message, _TRANSPORT: transport = 'kernel' } = entry;
    if (typeof message === 'string') return linesOf(message, String(transport), (text) => text);
    if (!Array.isArray(message)) return [];
    return linesOf(String.fromCharCode(...message.map(Number)), String(transport));
  } catch {
    return [];
  }
}

function linesOf(
  message: string | undefined,
  transport: string,
  decode: (text: string) => string = shownText,
): LogLine[] {
  if (message === undefined || transport !== 'kernel') return [];
  return linesOfMessage(decode(message), null);
}
