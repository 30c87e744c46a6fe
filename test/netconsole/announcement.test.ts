import { describe, expect, test } from 'vitest';
import { parseAnnouncement } from '../../harness/netconsole/announcement.ts';
import { renderTarget } from '../../harness/netconsole/target.ts';

/** As it stands in the announcement of 26 September 2001, backslashes and all. */
const ANNOUNCED = `insmod netconsole dev=eth1 target_ip=0x0a000701 \\
                  source_port=6666 \\
                  target_port=6666 \\
                  target_eth_byte0=0x00 \\
                  target_eth_byte1=0x90\\
                  target_eth_byte2=0x27 \\
                  target_eth_byte3=0x8C \\
                  target_eth_byte4=0xA0 \\
                  target_eth_byte5=0xA8`;

const SHORT = 'dev=eth0 target_ip=0x0a000701 source_port=6666 target_port=6666';

const rendered = (text: string) => {
  const read = parseAnnouncement(text);
  return read.ok ? renderTarget(read.target) : read.problems;
};

describe('the announcement’s insmod line', () => {
  test('is a target of today', () => {
    expect(rendered(ANNOUNCED)).toBe('6666@/eth1,6666@10.0.7.1/00:90:27:8c:a0:a8');
    expect(parseAnnouncement(ANNOUNCED)).toMatchObject({ notes: [] });
  });

  test('without its first two words is the same', () => {
    expect(rendered(ANNOUNCED.replace('insmod netconsole ', ''))).toBe(rendered(ANNOUNCED));
  });

  test('numbers are C’s', () => {
    const octal = BYTES.map((_, byte) => `target_eth_byte${byte}=0${byte + 2}0`).join(' ');
    expect(rendered(`dev=e target_ip=3232235777 source_port=0x1A0A target_port=514 ${octal}`)).toBe(
      '6666@/e,514@192.168.1.1/10:18:20:28:30:38',
    );
  });

  test('what it leaves out is a default, and said', () => {
    const read = parseAnnouncement('dev=eth0 target_ip=0xffffffff');
    expect(read).toMatchObject({ ok: true, target: { sourcePort: 6665, targetPort: 6666 } });
    expect(read).toMatchObject({
      target: { targetMac: 'ff:ff:ff:ff:ff:ff', targetAddress: '255.255.255.255' },
    });
    expect(read.ok && read.notes.join('\n')).toMatch(
      /source_port.*\n.*target_port.*\n.*target_eth_byte.*broadcast/,
    );
  });

  test.each([
    [ANNOUNCED.replace('target_eth_byte3=0x8C', ''), /^target_eth_byte3 is missing/],
    [ANNOUNCED.replace('0x8C', '0x18C'), /^target_eth_byte3=0x18C is no byte/],
    [ANNOUNCED.replace('0x8C', '8C'), /^target_eth_byte3=8C is no byte/],
    [ANNOUNCED.replace('byte5', 'byte6'), /^"target_eth_byte6" is no parameter/],
    [`${SHORT} target_ip=1`, /^target_ip is given twice/],
    [`${SHORT} loud`, /^"loud" has no value/],
    [SHORT.replace('dev=eth0', ''), /^dev is missing/],
    [SHORT.replace('dev=eth0', 'dev=a/b'), /^dev=a\/b can’t be/],
    [SHORT.replace('target_ip=0x0a000701', ''), /^target_ip is missing/],
    [SHORT.replace('0x0a000701', '10.0.7.1'), /written with dots; it was one number, 0x0a000701/],
    [SHORT.replace('0x0a000701', '0x10a000701'), /no number of 32 bits/],
    [SHORT.replace('source_port=6666', 'source_port=0'), /^source_port=0 is no port/],
    [SHORT.replace('target_port=6666', 'target_port=65536'), /^target_port=65536 is no port/],
    ['', /^dev is missing/],
  ])('%j has its mistake named', (text, problem) => {
    const read = parseAnnouncement(text);
    expect(!read.ok && read.problems.some((one) => problem.test(one))).toBe(true);
  });

  test('every mistake is named, not only the first', () => {
    const read = parseAnnouncement('target_eth_byte0=0x100 colour=red');
    expect(!read.ok && read.problems).toHaveLength(9);
  });
});

const BYTES = Array.from({ length: 6 });
