import { describe, expect, test, vi } from 'vitest';
import type { Guest } from '../../harness/guest/guest.ts';
import { cloneTemplate } from '../../harness/guest/template.ts';
import { startTraffic } from '../../harness/guest/traffic.ts';
import { forEver } from './for-ever.ts';
import { stockTemplate } from './stock.ts';

const clone = async () => cloneTemplate(await stockTemplate(), { signal: forEver });
const BOTH = ['from guest', 'to guest'] as const;

/** A counter of the guest's own, of /proc/net/snmp. */
async function snmp(guest: Guest, protocol: string, name: string): Promise<number> {
  const text = await guest.agent.must(`grep ^${protocol}: /proc/net/snmp`, guest.signal);
  const [names = [], values = []] = text.split('\n').map((line) => line.split(' '));
  return Number(values[names.indexOf(name)]);
}

/** Lets the guest work for about a second of its own. */
const work = (guest: Guest) => guest.agent.must('sleep 1', guest.signal);

describe('a load', () => {
  test('of TCP moves bytes in both directions, and the guest finds nothing wrong with what comes', async () => {
    await using guest = await clone();
    const traffic = await startTraffic(guest, { tcp: BOTH });
    await work(guest);
    const { tcp } = traffic.stop();
    console.log('TCP', JSON.stringify(tcp));
    for (const direction of BOTH) {
      expect(tcp[direction].bytes).toBeGreaterThan(100_000);
      expect(tcp[direction].packets).toBeGreaterThan(100);
      expect(tcp[direction].bytesPerSecond).toBeGreaterThan(0);
      expect(tcp[direction].lastedMs).toBeGreaterThan(500);
    }
    expect(await snmp(guest, 'Tcp', 'InErrs')).toBe(0);
    // An acknowledgement that waits behind the other stream may look lost to the guest.
    expect(await snmp(guest, 'Tcp', 'RetransSegs')).toBeLessThan(tcp['from guest'].packets / 50);
  });

  test('of UDP moves datagrams in both directions, as many as the guest counts', async () => {
    await using guest = await clone();
    const plan = { fromGuest: true, toGuest: { perSecond: 500, bytes: 1000 } };
    const traffic = await startTraffic(guest, { udp: plan });
    await work(guest);
    const { udp } = traffic.stop();
    console.log('UDP', JSON.stringify(udp));
    expect(udp['from guest'].packets).toBeGreaterThan(100);
    expect(udp['to guest'].packets).toBeGreaterThan(200);
    // Of n datagrams only n - 1 intervals are measured.
    expect(udp['to guest'].bytesPerSecond).toBeLessThan(505_000);
    await vi.waitFor(async () => expect(await snmp(guest, 'Udp', 'NoPorts')).toBe(udp['to guest'].packets));
  });

  test('is not kept, is no activity, and ends in the guest too', async () => {
    await using guest = await clone();
    const traffic = await startTraffic(guest, {
      tcp: BOTH,
      udp: { fromGuest: true, toGuest: { perSecond: 100, bytes: 100 } },
    });
    await work(guest);
    traffic.stop();
    const gone = 'until ! pidof nc syslogd logger yes; do usleep 10000; done';
    await guest.agent.must(gone, AbortSignal.any([guest.signal, AbortSignal.timeout(20_000)]));
    const { frames, unkept, failure } = guest.segment;
    expect(failure).toBeNull();
    expect(unkept.frames).toBeGreaterThan(500);
    // ARP, and the guest's word now and then that nobody listens.
    expect(frames.length).toBeLessThan(100);
    const { read } = guest.segment;
    await work(guest);
    expect(guest.segment.read - read).toBeLessThan(1000);
  });

  test('without a flow is refused, as is one on a wire where QEMU is the host', async () => {
    await using guest = await clone();
    await expect(startTraffic(guest, {})).rejects.toMatchObject({ code: 'TRAFFIC_UNDOABLE' });
    const specification = { ...guest.specification, wire: 'udp' } as const;
    await expect(startTraffic({ ...guest, specification }, { tcp: BOTH })).rejects.toMatchObject({
      code: 'TRAFFIC_UNDOABLE',
    });
  });
});
