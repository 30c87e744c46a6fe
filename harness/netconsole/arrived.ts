import type { Assembly } from './assembly.ts';
import { decodeEscapes, splitBody } from './escape.ts';

/** A record that arrived whole. All text is byte strings. */
export interface ArrivedRecord {
  sequence: number;
  facility: number;
  level: number;
  timestampUs: number;
  continuation: boolean;
  /** The message, escapes decoded, without its newline. */
  text: string;
  /** SUBSYSTEM and DEVICE, userdata, sysdata, in the order sent; a key can come twice. */
  dictionary: [key: string, value: string][];
  caller?: string;
  release?: string;
  /** Further fields of the header. */
  fields: [key: string, value: string][];
  /** Arrival of its first and its last datagram. */
  firstMs: number;
  lastMs: number;
  /** Datagrams it came in. */
  fragments: number;
  /** The kernel's buffer ended inside an escape: `text` lacks its end. */
  cutEscape: boolean;
  /** Its last newline is there. Without it the kernel's buffer was full: `text` or `dictionary` lack their end. */
  terminated: boolean;
}

/** printk's own entries are escaped like the text; userdata and sysdata are sent as they are. */
const ESCAPED_KEYS = new Set(['SUBSYSTEM', 'DEVICE']);

/** The record of a whole assembly. */
export function arrivedRecord(assembly: Assembly): ArrivedRecord {
  const { header } = assembly;
  const body = splitBody(assembly.bytes());
  const { text, cut } = decodeEscapes(body.text);
  const record: ArrivedRecord = {
    sequence: header.sequence,
    facility: header.facility,
    level: header.level,
    timestampUs: header.timestampUs,
    continuation: header.continuation,
    text,
    dictionary: body.dictionary.map(([key, value]) => [
      key,
      ESCAPED_KEYS.has(key) ? decodeEscapes(value).text : value,
    ]),
    fields: header.fields,
    firstMs: assembly.firstMs,
    lastMs: assembly.lastMs,
    fragments: assembly.fragments,
    cutEscape: cut,
    terminated: body.whole,
  };
  if (header.caller !== undefined) record.caller = header.caller;
  if (header.release !== undefined) record.release = header.release;
  return record;
}
