import { cutAt, toByteString } from '../printk/byte-string.ts';

/** Where a fragment's body belongs in the record's, both in bytes. */
interface Fragment {
  offset: number;
  total: number;
}

/** A record, or a fragment of one, with the header of the extended format. */
export interface ExtendedDatagram {
  kind: 'extended';
  /** `uname -r` of the sender, where its target prepends it (`r`). */
  release?: string;
  facility: number;
  level: number;
  sequence: number;
  timestampUs: number;
  /** The record continues the line of the one before (`c`, or `+` before Linux 4.9). */
  continuation: boolean;
  /** `T<pid>` or `C<cpu>`, on kernels with CONFIG_PRINTK_CALLER. */
  caller?: string;
  /** Further `key=value` fields of the header, in order. */
  fields: [key: string, value: string][];
  fragment?: Fragment;
  /** The header as sent, without `ncfrag`: all fragments of a record share it. */
  header: string;
  /** Still escaped; a byte string. */
  body: string;
}

/** Text as any console prints it: no sequence, perhaps several lines or only a part of one. */
interface BasicDatagram {
  kind: 'basic';
  text: string;
}

/** Has the shape of the extended format, and says what no kernel can mean. `text` is the whole payload. */
interface MalformedDatagram {
  kind: 'malformed';
  reason: string;
  text: string;
}

export type Datagram = ExtendedDatagram | BasicDatagram | MalformedDatagram;

// Release, prefix, sequence number, timestamp, flag, fields; with names for them it takes half as long again.
// `[!-+\--:<-~]` is printable ASCII without space, comma and semicolon.
const HEADER =
  /^(?:(\d+\.\d+[!-+\--:<-~]*),)?(0|[1-9]\d*),(0|[1-9]\d*),(0|[1-9]\d*),([-c+])((?:,[A-Za-z_][\w.-]*=[!-+\--:<-~]*)*);/;

const FRAGMENT = /^(0|[1-9]\d*)\/(0|[1-9]\d*)$/;

/** A record's facility is one byte, its level three bits. */
const MAX_PREFIX = (255 << 3) | 7;

/**
 * One UDP payload of netconsole. The extended header is
 * `[<release>,]<facility << 3 | level>,<sequence>,<µs>,<flag>[,caller=…][,ncfrag=<offset>/<total>];`
 * (Linux, `info_print_ext_header()` in kernel/printk/printk.c and drivers/net/netconsole.c); whatever does
 * not have exactly this shape is basic text. Numbers that a double cannot hold exactly are malformed.
 */
export function parseDatagram(payload: Uint8Array): Datagram {
  const text = toByteString(payload);
  if (text === '') return { kind: 'malformed', reason: 'the datagram is empty', text };
  const match = HEADER.exec(text);
  if (!match) return { kind: 'basic', text };

  const [header, release, prefix, sequence, timestamp, flag, fields = ''] = match;
  const datagram: ExtendedDatagram = {
    kind: 'extended',
    facility: Number(prefix) >>> 3,
    level: Number(prefix) & 7,
    sequence: Number(sequence),
    timestampUs: Number(timestamp),
    continuation: flag !== '-',
    fields: [],
    header: header.slice(0, -1),
    body: text.slice(header.length),
  };
  if (release !== undefined) datagram.release = release;
  const reason =
    (Number(prefix) > MAX_PREFIX ? `the prefix ${prefix} is over ${MAX_PREFIX}` : undefined) ??
    unsafe('sequence number', datagram.sequence) ??
    unsafe('timestamp', datagram.timestampUs) ??
    (fields === '' ? undefined : readFields(datagram, fields));
  return reason === undefined ? datagram : { kind: 'malformed', reason, text };
}

function unsafe(name: string, value: number): string | undefined {
  return Number.isSafeInteger(value) ? undefined : `the ${name} is over ${Number.MAX_SAFE_INTEGER}`;
}

/** Fills in what stands between the flag and the `;`. Returns what is wrong with it, if anything. */
function readFields(datagram: ExtendedDatagram, fields: string): string | undefined {
  const seen = new Set<string>();
  for (const field of fields.split(',').slice(1)) {
    const [key, value] = cutAt(field, '=');
    if (seen.has(key)) return `the field ${key} is given twice`;
    seen.add(key);
    if (key === 'ncfrag') {
      const fragment = readFragment(value, datagram.body.length);
      if (typeof fragment === 'string') return fragment;
      datagram.fragment = fragment;
      datagram.header = datagram.header.replace(`,${field}`, '');
    } else if (key === 'caller') {
      datagram.caller = value;
    } else {
      datagram.fields.push([key, value]);
    }
  }
  return undefined;
}

function readFragment(value: string, length: number): Fragment | string {
  const match = FRAGMENT.exec(value);
  if (!match) return 'ncfrag is not <offset>/<total>';
  const [offset, total] = [Number(match[1]), Number(match[2])];
  if (!Number.isSafeInteger(total)) return `the total of ncfrag is over ${Number.MAX_SAFE_INTEGER}`;
  if (total === 0) return 'the total of ncfrag is 0';
  if (offset >= total) return `the fragment begins at ${value}, behind the record's end`;
  if (length === 0) return 'the fragment carries no bytes';
  if (offset + length > total)
    return `the fragment at ${value} of ${length} bytes runs past the record's end`;
  return { offset, total };
}
