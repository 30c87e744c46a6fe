import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Guest } from '../../harness/guest/guest.ts';
import { ADDRESSES } from '../../harness/guest/netconsole-setup.ts';
import { cloneTemplate } from '../../harness/guest/template.ts';
import { forEver } from './for-ever.ts';
import { stockTemplate } from './stock.ts';

let guest: Guest;
beforeAll(async () => {
  guest = await cloneTemplate(await stockTemplate(), { signal: forEver });
});
afterAll(() => guest[Symbol.asyncDispose]());

test.each([
  ['ping', ADDRESSES.hostIpv4],
  ['ping -6', ADDRESSES.hostIpv6],
])('the host answers %s %s, found by asking', async (ping, address) => {
  const { output, status } = await guest.agent.run(`${ping} -c 2 -s 1000 ${address}`, guest.signal);
  expect(output).toContain('2 packets transmitted, 2 packets received, 0% packet loss');
  expect(status).toBe(0);
  expect(await guest.agent.must(`ip neigh show ${address}`, guest.signal)).toContain(ADDRESSES.hostMac);
});

test('nobody else answers', async () => {
  expect(await guest.agent.run('ping -c 1 -W 1 10.0.2.77', guest.signal)).toMatchObject({ status: 1 });
});

test('a flood of records is read as fast as it comes, and kept', async () => {
  const line = 'x'.repeat(900);
  await guest.agent.must(
    `seq 1 3000 | while read n; do echo "<6>$n ${line}"; done > /dev/kmsg`,
    guest.signal,
  );
  const arrived = guest.segment.frames.filter(({ bytes }) => Buffer.from(bytes).includes(line));
  expect(arrived).toHaveLength(3000);
  expect(guest.segment.failure).toBeNull();
});
