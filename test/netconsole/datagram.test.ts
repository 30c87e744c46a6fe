import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { toByteString } from '../../harness/printk/byte-string.ts';
import { parseDatagram } from '../../harness/netconsole/datagram.ts';
import { bytesOf } from './sender.ts';

const parse = (text: string) => parseDatagram(bytesOf(text));

describe('an extended datagram', () => {
  test('has its header read field by field', () => {
    expect(parse('30,416,1758426,-,caller=T12;systemd[1]: hello; world\n')).toEqual({
      kind: 'extended',
      facility: 3,
      level: 6,
      sequence: 416,
      timestampUs: 1_758_426,
      continuation: false,
      caller: 'T12',
      fields: [],
      header: '30,416,1758426,-,caller=T12',
      body: 'systemd[1]: hello; world\n',
    });
  });

  test.each([
    ['6,416,1758426,-,ncfrag=0/31;first chunk, ', undefined, { offset: 0, total: 31 }],
    ['7.3.4,6,416,1758426,-,ncfrag=16/31;second chunk\n', '7.3.4', { offset: 16, total: 31 }],
    ['6.12.0+deb12-cloud-amd64,4,0,0,-;Linux version\n', '6.12.0+deb12-cloud-amd64', undefined],
    ['6.1.0-rc1-next,0,1,2,c;more\n', '6.1.0-rc1-next', undefined],
    ['6,416,1758426,-,caller=C0,ncfrag=0/31;first chunk, ', undefined, { offset: 0, total: 31 }],
  ])('is recognised in %j', (text, release, fragment) => {
    const datagram = parse(text);
    expect(datagram.kind === 'extended' ? [datagram.release, datagram.fragment] : datagram.kind).toEqual([
      release,
      fragment,
    ]);
  });

  test('shares its header with the other fragments of its record', () => {
    const one = parse('7.3.4,6,416,9,-,caller=T1,ncfrag=0/4;ab');
    const other = parse('7.3.4,6,416,9,-,caller=T1,ncfrag=2/4;c\n');
    expect([one, other].map((it) => it.kind === 'extended' && it.header)).toEqual([
      '7.3.4,6,416,9,-,caller=T1',
      '7.3.4,6,416,9,-,caller=T1',
    ]);
  });

  test('keeps fields that this receiver does not know', () => {
    expect(parse('6,1,2,-,caller=T1,cpu=3,x=;text\n')).toMatchObject({
      caller: 'T1',
      fields: [
        ['cpu', '3'],
        ['x', ''],
      ],
    });
  });

  test.each(['c', '+'])('continues a line with the flag %s', (flag) => {
    expect(parse(`6,1,2,${flag};text\n`)).toMatchObject({ continuation: true });
  });

  test('holds each byte of its body as one character', () => {
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const datagram = parseDatagram(Uint8Array.of(...bytesOf('6,1,2,-;'), ...every));
    expect(datagram).toMatchObject({ body: toByteString(every) });
    expect(Array.from(toByteString(every), (character) => character.charCodeAt(0))).toEqual([...every]);
  });

  test('may be as long as UDP carries', () => {
    expect(parse(`6,1,2,-;${'x'.repeat(65_000)}`)).toMatchObject({ body: 'x'.repeat(65_000) });
  });
});

test.each([
  '[   12.345678] BUG: kernel NULL pointer dereference, address: 0000000000000000\n',
  'no timestamp at all\n',
  '** 12 printk messages dropped **\n',
  '6,416,1758426,- no semicolon',
  '6,416,1758426,x;another flag',
  '6,416,1758426;one field less',
  '6,416,1758426,-,a remark; and more',
  'values 6,1,2,-;text',
  '[    1.0] 6,1,2,-;text',
  ' 6,1,2,-;text',
  '06,1,2,-;text',
  '-6,1,2,-;text',
  '6.1,release alone;text',
  'release,6,1,2,-;text',
  '6,1,2,-\n;text',
  '\n',
])('%j is basic text', (text) => {
  expect(parse(text)).toEqual({ kind: 'basic', text });
});

test.each([
  ['', /empty/],
  ['2048,1,2,-;x', /prefix 2048/],
  ['6,9007199254740992,2,-;x', /sequence number is over/],
  ['6,18446744073709551615,2,-;x', /sequence number is over/],
  ['6,1,9007199254740993,-;x', /timestamp is over/],
  [`6,1,${'9'.repeat(400)},-;x`, /timestamp is over/],
  ['6,1,2,-,ncfrag=0/0;x', /total of ncfrag is 0/],
  ['6,1,2,-,ncfrag=5/5;x', /begins at 5\/5/],
  ['6,1,2,-,ncfrag=6/5;x', /begins at 6\/5/],
  ['6,1,2,-,ncfrag=3/5;abc', /runs past/],
  ['6,1,2,-,ncfrag=0/5;', /no bytes/],
  ['6,1,2,-,ncfrag=0/9007199254740992;x', /total of ncfrag is over/],
  ['6,1,2,-,ncfrag=zero/5;x', /not <offset>\/<total>/],
  ['6,1,2,-,ncfrag=-1/5;x', /not <offset>\/<total>/],
  ['6,1,2,-,ncfrag=1;x', /not <offset>\/<total>/],
  ['6,1,2,-,ncfrag=0/5,ncfrag=1/5;x', /ncfrag is given twice/],
])('%j is malformed, with its reason', (text, reason) => {
  const datagram = parse(text);
  expect(datagram).toMatchObject({ kind: 'malformed', text });
  expect(datagram.kind === 'malformed' && datagram.reason).toMatch(reason);
});

describe('whatever arrives', () => {
  const digits = fc.oneof(fc.nat().map(String), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String));
  const almostHeaders = fc
    .array(fc.oneof(digits, fc.constantFrom('6', ',', ';', '-', '=', 'ncfrag=0/', '7.3.4,', '/', '\n', '\0')))
    .map((parts) => bytesOf(parts.join('')));

  test('is extended, basic or malformed, and no byte of it is lost', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), almostHeaders), (payload) => {
        const datagram = parseDatagram(payload);
        const kept = datagram.kind === 'extended' ? `;${datagram.body}` : datagram.text;
        const lost = toByteString(payload).slice(0, -kept.length || undefined);
        expect(toByteString(payload).endsWith(kept)).toBe(true);
        expect(lost).toMatch(datagram.kind === 'extended' ? /^[^;]+$/ : /^$/);
      }),
      { numRuns: 500 },
    );
  });

  test('is read field by field whatever the numbers are', () => {
    const safe = fc.nat({ max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(fc.nat({ max: 2047 }), safe, safe, (prefix, sequence, timestampUs) => {
        const datagram = parse(`${prefix},${sequence},${timestampUs},-;x`);
        expect(datagram).toMatchObject({ facility: prefix >> 3, level: prefix % 8, sequence, timestampUs });
      }),
    );
  });
});
