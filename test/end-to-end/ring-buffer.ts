import { describe, expect, test } from 'vitest';
import { drain } from '../../harness/guest/quiet.ts';
import { readRing } from '../../harness/printk/ring.ts';
import type { PrintkRecord } from '../../harness/printk/record.ts';
import { livingGuest } from './living-guest.ts';

function escaped(bytes: string): string {
  return bytes.replaceAll(
    /[^\x20-\x7e]|\\/g,
    (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** A record as /dev/kmsg prints it: Linux Documentation/ABI/testing/dev-kmsg. */
function asKmsg(record: PrintkRecord): string {
  const { facility, level, sequence, timestampUs, flags, text, dictionary } = record;
  const continued = flags & 8 ? 'c' : '-';
  const entries = Object.entries(dictionary).map(([key, value]) => `\n ${key}=${escaped(value)}`);
  return `${facility * 8 + level},${sequence},${timestampUs},${continued};${escaped(text)}${entries.join('')}`;
}

/** On a guest of Debian's. */
export function testRingBuffer(name: string, options: Parameters<typeof livingGuest>[0]): void {
  describe(`on ${name}`, () => {
    test(
      'the ring buffer in RAM is, record by record, what the guest’s own /dev/kmsg says',
      { timeout: 180_000 },
      async () => {
        const { guest, kernel } = await livingGuest(options);
        await using _guest = guest;
        const { signal } = guest;
        // Bytes that have to be escaped, several lines in one record, a record at the limit.
        const long = 'x'.repeat(900);
        await guest.agent.must(
          `printf '<3>tab\\there \\001 \\303\\244 back\\\\slash\\nsecond line' > /dev/kmsg`,
          signal,
        );
        await guest.agent.must(`echo "<14>${long}" > /dev/kmsg`, signal);
        // Each read gives one record; at the end it would wait for the next one.
        await guest.agent.run('timeout 4 cat /dev/kmsg > /tmp/kmsg', signal);
        const said = await guest.agent.must('cat /tmp/kmsg', signal);
        await guest.qemu.qmp.execute('stop');
        await drain(guest);
        const ring = await readRing(guest.memory, await kernel.vmcoreInfo(guest.memory));
        if ('failure' in ring) throw new Error(ring.failure);
        const kmsg = said.trimEnd().split(/\n(?=\d+,\d+,\d+,)/);
        expect(kmsg.length).toBeGreaterThan(250);
        expect(ring.records.filter(({ finalised }) => finalised).map(asKmsg)).toEqual(kmsg);
        expect(ring.records.some(({ dictionary }) => dictionary['SUBSYSTEM'] === 'pci')).toBe(true);
        expect(ring.records.some(({ text }) => text.includes('\n'))).toBe(true);
      },
    );
  });
}
