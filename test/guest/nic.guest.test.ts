import { describe, expect, test } from 'vitest';
import { bootGuest } from '../../harness/guest/boot.ts';
import type { Guest } from '../../harness/guest/guest.ts';
import { bringUpNetwork } from '../../harness/guest/netconsole-setup.ts';
import { changeLink, plugNic, unplugNic } from '../../harness/guest/nic.ts';
import { drain } from '../../harness/guest/quiet.ts';
import { cloneTemplate } from '../../harness/guest/template.ts';
import { CrashlabError } from '../../harness/host/error.ts';
import { forEver } from './for-ever.ts';
import { BOOT_MS, stockSpecification, stockTemplate } from './stock.ts';

const clone = async () => cloneTemplate(await stockTemplate(), { signal: forEver });
const boot = async () => {
  const specification = await stockSpecification();
  const options = { format: 'extended', signal: forEver, bootTimeoutMs: BOOT_MS } as const;
  return (await bootGuest(specification, options)).guest;
};

/** Writes a record, and says whether it came over the wire. */
async function arrives(guest: Guest, words: string): Promise<boolean> {
  await guest.agent.must(`echo "<6>${words}" > /dev/kmsg`, guest.signal);
  await guest.agent.must('true', guest.signal);
  await drain(guest);
  return guest.segment.frames.some(({ bytes }) => Buffer.from(bytes).includes(words));
}

const interfaces = (guest: Guest) => guest.agent.must('ls /sys/class/net', guest.signal);
const carrier = (guest: Guest) => guest.agent.must('cat /sys/class/net/eth0/carrier', guest.signal);
const TARGET = '/sys/kernel/config/netconsole/crashlab';

describe.each([
  ['a clone', clone],
  ['a guest that was booted', boot],
])('the NIC of %s', (_, make) => {
  test('loses what is sent while its link is down, and nothing after', async () => {
    await using guest = await make();
    expect(await arrives(guest, 'before')).toBe(true);
    await changeLink(guest, 'down');
    expect(await carrier(guest)).toBe('0\n');
    expect(await arrives(guest, 'meanwhile')).toBe(false);
    await changeLink(guest, 'up');
    expect(await carrier(guest)).toBe('1\n');
    expect(await arrives(guest, 'after')).toBe(true);
    expect(await arrives(guest, 'meanwhile, again')).toBe(true);
  });

  test('can be unplugged and plugged in again, and netconsole set up on it anew', async () => {
    await using guest = await make();
    await unplugNic(guest);
    expect(await interfaces(guest)).not.toContain('eth0');
    expect(await guest.agent.must(`cat ${TARGET}/enabled`, guest.signal)).toBe('0\n');
    expect(await arrives(guest, 'without a NIC')).toBe(false);
    await plugNic(guest);
    expect(await interfaces(guest)).toContain('eth0');
    await bringUpNetwork(guest.agent, guest.signal);
    await guest.agent.must(`echo 1 > ${TARGET}/enabled`, guest.signal);
    expect(await arrives(guest, 'with its NIC again')).toBe(true);
    await unplugNic(guest);
    expect(await interfaces(guest)).not.toContain('eth0');
  });
});

test('a NIC that is plugged in can’t be plugged in again', async () => {
  await using guest = await clone();
  await expect(plugNic(guest)).rejects.toThrow(CrashlabError);
});
