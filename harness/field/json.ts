import { linesOfMessage, type LogLine } from '../oops/log-line.ts';
import { LogLines } from '../oops/log-lines.ts';
import { shownText } from '../printk/byte-string.ts';
import { JsonObjects } from './json-objects.ts';
import { linesOfEntry } from './journal.ts';

/** The beginning of an object, of an array of them, of an event or a sequence (RFC 7464) of them. */
const JSON_BEGINS = /^(?:\xEF\xBB\xBF)?[\s\x1e]*(?:data: ?)?(?:\[\s*)?\{\s*"/;
/** Fields that some object of a known form has near its beginning: journald's, those of `dmesg --json`, of containers. */
const KNOWN = /"(?:__CURSOR|__REALTIME_TIMESTAMP|_BOOT_ID|MESSAGE|dmesg|msg|log|message)"\s*:/;

/** What a log with this beginning is: null where it is no JSON. */
export function jsonOf(beginning: string): 'known' | 'unknown' | null {
  if (!JSON_BEGINS.test(beginning)) return null;
  return KNOWN.test(beginning) ? 'known' : 'unknown';
}

/** Reads what journald, `dmesg --json` and containers write: JSON with an object a message, however it is laid out. */
export class JsonLog {
  readonly #objects = new JsonObjects();
  readonly #lines = new LogLines();
  /** Whether any object was of a known form. */
  isKnown = false;

  take(piece: string): LogLine[] {
    return this.#objects.take(piece).flatMap((object) => this.#read(object));
  }

  finish(): LogLine[] {
    return this.#lines.finish();
  }

  #read(object: string): readonly LogLine[] {
    const lines = this.#linesOf(fieldsOf(object));
    if (lines !== null) this.isKnown = true;
    return lines ?? [];
  }

  #linesOf(fields: Record<string, unknown>): LogLine[] | null {
    const { msg, caller, log, message } = fields;
    if ('MESSAGE' in fields || '__CURSOR' in fields) return linesOfEntry(fields);
    if (typeof msg === 'string' && ('pri' in fields || 'time' in fields))
      return linesOfMessage(msg, typeof caller === 'string' ? caller : null);
    const text = [log, message].find((value) => typeof value === 'string');
    if (typeof text !== 'string') return null;
    return text
      .replace(/\n$/, '')
      .split('\n')
      .flatMap((line) => this.#lines.take(line));
  }
}

function fieldsOf(object: string): Record<string, unknown> {
  try {
    return JSON.parse(shownText(object));
  } catch {
    return {};
  }
}
