import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { addressFamily } from '../../harness/netconsole/address.ts';
import { parseTarget, renderTarget } from '../../harness/netconsole/target.ts';

describe('a target string', () => {
  test('is read part by part', () => {
    expect(parseTarget('+r4444@10.0.0.1/eth1,9353@10.0.0.2/12:34:56:78:9A:bc')).toEqual({
      ok: true,
      target: {
        extended: true,
        release: true,
        sourcePort: 4444,
        sourceAddress: '10.0.0.1',
        device: 'eth1',
        targetPort: 9353,
        targetAddress: '10.0.0.2',
        targetMac: '12:34:56:78:9a:bc',
      },
    });
  });

  test('takes the kernel’s defaults for what is left out', () => {
    expect(parseTarget('@/,@10.0.0.2/')).toEqual({
      ok: true,
      target: {
        extended: false,
        release: false,
        sourcePort: 6665,
        device: 'eth0',
        targetPort: 6666,
        targetAddress: '10.0.0.2',
        targetMac: 'ff:ff:ff:ff:ff:ff',
      },
    });
  });

  test.each([
    ['@/,@10.0.0.2/', '6665@/eth0,6666@10.0.0.2/ff:ff:ff:ff:ff:ff'],
    [
      '+@fd00::1/52:54:00:12:34:56,@fd00::2/',
      '+6665@fd00::1/52:54:00:12:34:56,6666@fd00::2/ff:ff:ff:ff:ff:ff',
    ],
    ['+r@/ens3,514@::ffff:10.0.0.2/', '+r6665@/ens3,514@::ffff:10.0.0.2/ff:ff:ff:ff:ff:ff'],
  ])('%s is rendered as %s', (text, rendered) => {
    const parsed = parseTarget(text);
    expect(parsed.ok && renderTarget(parsed.target)).toBe(rendered);
  });

  test.each([
    ['r@/eth0,@10.0.0.2/', 'flags', /"r" .* without "\+"/],
    ['', 'source port', /has no "@"/],
    ['65536@/eth0,@10.0.0.2/', 'source port', /"65536" is not a number/],
    ['+r 1@/eth0,@10.0.0.2/', 'source port', /" 1" is not a number/],
    ['@10.0.0.1', 'source address', /has no "\/"/],
    ['@10.0.0.256/eth0,@10.0.0.2/', 'source address', /"10\.0\.0\.256" is not an IPv4 or IPv6/],
    ['@/eth0', 'device', /has no ","/],
    ['@/averyveryverylongname,@10.0.0.2/', 'device', /longer than the 15/],
    ['@/52:54:00:12:34,@10.0.0.2/', 'device', /not a MAC/],
    ['@/eth 0,@10.0.0.2/', 'device', /cannot be/],
    ['@/eth0,', 'target port', /has no "@"/],
    ['@/eth0,syslog@10.0.0.2/', 'target port', /"syslog" is not a number/],
    ['@/eth0,@10.0.0.2', 'target address', /has no "\/"/],
    ['@/eth0,@/', 'target address', /is missing/],
    ['@/eth0,@host/', 'target address', /"host" is not an IPv4 or IPv6/],
    ['@fd00::1/eth0,@10.0.0.2/', 'target address', /is IPv4, but the source address is IPv6/],
    ['@/eth0,@10.0.0.2/ff-ff-ff-ff-ff-ff', 'target MAC', /not six hex bytes/],
    ['@/eth0,@10.0.0.2/;@/eth0,@10.0.0.3/', 'target MAC', /not six hex bytes/],
  ])('%j has its %s named as wrong', (text, part, message) => {
    const parsed = parseTarget(text);
    const sentence = new RegExp(`^The ${part} .*\\.$`);
    expect(parsed).toMatchObject({ ok: false, part, message: expect.stringMatching(sentence) });
    expect(parsed).toMatchObject({ message: expect.stringMatching(message) });
  });

  test('comes back as it was from its rendering', () => {
    const port = fc.integer({ min: 0, max: 65535 });
    const mac = fc
      .uint8Array({ minLength: 6, maxLength: 6 })
      .map((bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':'));
    const address = fc.oneof(fc.ipV4(), fc.ipV6());
    const target = fc
      .record({
        extended: fc.boolean(),
        release: fc.boolean(),
        sourcePort: port,
        device: fc.oneof(mac, fc.stringMatching(/^[a-z][a-z0-9.]{0,14}$/)),
        targetPort: port,
        targetAddress: address,
        targetMac: mac,
        sourced: fc.boolean(),
      })
      .map(({ sourced, ...rest }) => ({
        ...rest,
        release: rest.release && rest.extended,
        ...(sourced ? { sourceAddress: rest.targetAddress } : {}),
      }));
    fc.assert(
      fc.property(target, (it) => {
        expect(parseTarget(renderTarget(it))).toEqual({ ok: true, target: it });
      }),
    );
  });

  test('never throws, whatever it is', () => {
    const soup = fc.array(
      fc.constantFrom('+', 'r', '@', '/', ',', ':', ';', '1', '10.0.0.1', 'fd::1', 'eth0'),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          soup.map((parts) => parts.join('')),
        ),
        (text) => {
          const parsed = parseTarget(text);
          const again = parsed.ok ? parseTarget(renderTarget(parsed.target)) : parsed;
          expect(again).toEqual(parsed);
        },
      ),
    );
  });
});

describe('an address', () => {
  test.each(['10.0.0.1', '0.0.0.0', '255.255.255.255'])('%s is IPv4', (text) => {
    expect(addressFamily(text)).toBe('IPv4');
  });

  test.each(['::', '::1', 'fe80::1', '1:2:3:4:5:6:7:8', '1::8', '::ffff:1.2.3.4', '1:2:3:4:5:6:7::'])(
    '%s is IPv6',
    (text) => {
      expect(addressFamily(text)).toBe('IPv6');
    },
  );

  test.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'fe80::1%eth0',
    '1.2.3.4::',
    ':1:2:3:4:5:6:7',
  ])('%j is none', (text) => {
    expect(addressFamily(text)).toBeUndefined();
  });
});
