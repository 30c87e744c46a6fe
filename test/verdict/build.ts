import fc from 'fast-check';
import { buildLedger, type Ledger } from '../../harness/netconsole/ledger.ts';
import type { PrintkRecord } from '../../harness/printk/record.ts';
import type { Truth } from '../../harness/verdict/truth.ts';
import { bytesOf, escaped } from '../netconsole/sender.ts';

/** A record as the ring has it, 10 µs after the one before. */
export function record(sequence: number, over: Partial<PrintkRecord> = {}): PrintkRecord {
  return {
    sequence,
    timestampUs: 5_000_000 + sequence * 10,
    facility: 0,
    level: 6,
    flags: 2,
    caller: 'T1',
    finalised: true,
    text: `record ${sequence}`,
    dictionary: {},
    ...over,
  };
}

/** The first record is the marker, where none is given. */
export const truthOf = (records: PrintkRecord[], over: Partial<Truth> = {}): Truth => ({
  marker: records[0]?.text ?? 'crashlab: marker',
  records,
  overwritten: [],
  unfinished: [],
  ...over,
});

/** Records `from` … `to`, the first as the marker. */
export const records = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => record(from + at));

interface Sent {
  /** Kernels with CONFIG_PRINTK_CALLER name it in the header. */
  caller?: boolean;
  /** Lines behind the kernel's own dictionary. */
  userdata?: string;
  /** Bytes of body in each fragment. */
  size?: number;
  /** What the body lacks at its end. */
  cut?: number;
}

/** The datagrams in which a kernel sends a record. */
export function datagramsOf(
  it: PrintkRecord,
  { caller, userdata = '', size, cut = 0 }: Sent = {},
): Uint8Array[] {
  const flag = it.flags & 8 ? 'c' : '-';
  const header = `${it.facility * 8 + it.level},${it.sequence},${it.timestampUs},${flag}${caller ? `,caller=${it.caller}` : ''}`;
  const dictionary = Object.entries(it.dictionary).map(([key, value]) => ` ${key}=${escaped(value)}\n`);
  const all = `${escaped(it.text)}\n${dictionary.join('')}${userdata}`;
  const body = all.slice(0, all.length - cut);
  if (size === undefined || body.length <= size) return [bytesOf(`${header};${body}`)];
  return Array.from({ length: Math.ceil(body.length / size) }, (_, at) =>
    bytesOf(`${header},ncfrag=${at * size}/${body.length};${body.slice(at * size, (at + 1) * size)}`),
  );
}

/** A ledger of these, in this order: records, or datagrams as they are. */
export function ledgerOf(...sent: (PrintkRecord | Uint8Array)[]): Ledger {
  const payloads = sent.flatMap((one) => (one instanceof Uint8Array ? [one] : datagramsOf(one)));
  return buildLedger(payloads.map((payload, atMs) => ({ payload, atMs })));
}

interface Printed {
  caller?: boolean;
  /** A serial port's line ends. */
  serial?: boolean;
}

/** What a console prints of one record, every line with its end. */
export function printed(it: PrintkRecord, { caller = false, serial = false }: Printed = {}): string {
  const [seconds = '', micros = ''] = (it.timestampUs / 1e6).toFixed(6).split('.');
  const stamp = `[${seconds.padStart(5, ' ')}.${micros}]${caller ? `[${it.caller.padStart(6, ' ')}]` : ''} `;
  const lines = it.text.split('\n').map((line) => stamp + line);
  return lines.map((line) => line + (serial ? '\r\n' : '\n')).join('');
}

export const textOf = (all: PrintkRecord[], options: Printed = {}) =>
  all.map((one) => printed(one, options)).join('');

/** A judgement in which nothing is wrong but what is given here. */
export const flawed = (over: object) => ({
  status: 'incomplete',
  missing: [],
  torn: [],
  doubled: [],
  misplaced: [],
  ...over,
});

/** Any truth of two records or more that is all there to be known. */
export const anyRecords: fc.Arbitrary<PrintkRecord[]> = fc
  .tuple(
    fc.nat(10_000),
    fc.array(
      fc.record({
        words: fc.array(fc.string({ unit: 'binary-ascii', maxLength: 12 }), { maxLength: 4 }),
        facility: fc.nat(23),
        level: fc.nat(7),
        flags: fc.constantFrom(0, 2, 8, 10),
        caller: fc.oneof(
          fc.nat(9999).map((id) => `T${id}`),
          fc.nat(63).map((id) => `C${id}`),
        ),
        pause: fc.nat(2_000_000),
        dictionary: fc.constantFrom(
          {},
          { SUBSYSTEM: 'pci', DEVICE: '+pci:0000:00:03.0' },
          { DEVICE: 'c1:3' },
        ),
      }),
      { minLength: 2, maxLength: 12 },
    ),
  )
  .map(([first, all]) => {
    let timestampUs = 0;
    return all.map(({ words, pause, ...rest }, at) => {
      // Never two at one time, so that each line is one record's.
      timestampUs += pause + 1;
      return record(first + at, { ...rest, timestampUs, text: words.join('\n').replaceAll('\r', '?') });
    });
  });
