import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Guest } from '../../harness/guest/guest.ts';
import { ADDRESSES } from '../../harness/guest/netconsole-setup.ts';
import { cloneTemplate, type Template } from '../../harness/guest/template.ts';
import { parseDatagram } from '../../harness/netconsole/datagram.ts';
import { renderScript, type Setup } from '../../harness/netconsole/setup.ts';
import { decodeUdp } from '../../harness/wire/udp.ts';
import { forEver } from './for-ever.ts';
import { stockTemplate } from './stock.ts';

const PORT = 6700;
const TARGET = '/sys/kernel/config/netconsole/mine';

let template: Template;
let guest: Guest;
beforeAll(async () => {
  template = await stockTemplate();
});
beforeEach(async () => {
  guest = await cloneTemplate(template, { signal: forEver });
  await run('echo 1 > /proc/sys/kernel/sysrq; ip link set lo up');
});
afterEach(() => guest[Symbol.asyncDispose]());

const run = (command: string) => guest.agent.run(command, guest.signal);

/** Runs the script in the guest; its standard error is part of what it prints. */
function setUp(changes: Partial<Setup['target']> = {}, userdata: Setup['userdata'] = [], argument = '') {
  const target: Setup['target'] = {
    extended: true,
    release: false,
    sourcePort: 6665,
    device: 'eth0',
    targetPort: PORT,
    targetAddress: ADDRESSES.hostIpv4,
    targetMac: null,
    ...changes,
  };
  const script = renderScript({ target, name: 'mine', userdata });
  return run(`cat > /tmp/script <<'END'\n${script}END\nsh /tmp/script ${argument} 2>&1`);
}

/** What has come to the port that the script was told, as text. */
function arrived(): string[] {
  return guest.segment.frames.flatMap(({ bytes }) => {
    const decoded = decodeUdp(bytes);
    if (decoded?.kind !== 'udp' || decoded.destination.port !== PORT) return [];
    const datagram = parseDatagram(decoded.payload);
    return datagram.kind === 'extended' ? [datagram.body] : [];
  });
}

async function untilArrived(text: string): Promise<void> {
  while (!arrived().includes(text)) await guest.activity.next(100);
}

test.each([
  ['IPv4', {}, ADDRESSES.ipv4],
  ['IPv6', { targetAddress: ADDRESSES.hostIpv6 }, ADDRESSES.ipv6],
  ['a device named by its MAC address', { device: ADDRESSES.mac }, ADDRESSES.ipv4],
])('sets a target up by %s, with the next hop’s MAC address, and says so', async (_, changes, from) => {
  const { output, status } = await setUp(changes);
  expect(output).toMatch(
    new RegExp(
      `^netconsole: messages go from ${from} by eth0 to .* port ${PORT} \\(${ADDRESSES.hostMac}\\)\n$`,
    ),
  );
  expect(status).toBe(0);
  await run('echo "<6>after the script" > /dev/kmsg');
  await untilArrived('after the script\n');
});

test('can be run again, with other values', async () => {
  await setUp({ targetPort: 1 });
  expect(await setUp()).toMatchObject({ status: 0 });
  await run('echo "<6>once" > /dev/kmsg');
  await untilArrived('once\n');
});

test('only prints the parameter where it is asked to', async () => {
  const { output, status } = await setUp({}, [], 'print');
  const { ipv4, hostIpv4, hostMac } = ADDRESSES;
  expect([output, status]).toEqual([`netconsole=+6665@${ipv4}/eth0,${PORT}@${hostIpv4}/${hostMac}\n`, 0]);
  expect(await run(`[ -e ${TARGET} ]`)).toMatchObject({ status: 1 });
});

test('warns of what bites on this machine', async () => {
  await run(
    'echo 438 > /proc/sys/kernel/sysrq; cat /proc/cmdline | sed s/ignore_loglevel// > /tmp/c; mount -o bind /tmp/c /proc/cmdline',
  );
  await run('echo 4 > /proc/sys/kernel/printk');
  const { output, status } = await setUp();
  expect(output).toContain("warning: the console's log level is 4");
  expect(output).toContain('warning: kernel.sysrq=438 allows none of the keys that print');
  expect(status).toBe(0);
});

test.each([
  ['a device that is not there', { device: 'eth7' }, /there is no network device eth7; there are: eth0 lo/],
  ['a MAC address nobody has', { device: '52:54:00:00:00:99' }, /no network device here has the MAC address/],
  [
    'nobody at the address',
    { targetAddress: '10.0.2.77' },
    /10\.0\.2\.77, the next hop to 10\.0\.2\.77, does not say/,
  ],
  ['no route', { targetAddress: '203.0.113.1' }, /no route to 203\.0\.113\.1/],
  ['another device on the way', { device: 'lo' }, /10\.0\.2\.2 is reached by eth0, not by lo/],
  ['no release (6.1)', { release: true }, /has no release/],
])('ends with a sentence, and no target, with %s', async (_, changes, sentence) => {
  const { output, status } = await setUp(changes);
  expect(output).toMatch(sentence);
  expect(status).toBe(1);
  expect(await run(`[ "$(cat ${TARGET}/enabled 2>/dev/null)" = 1 ]`)).toMatchObject({ status: 1 });
});

test('says so where the kernel has no userdata (6.1)', async () => {
  expect(await setUp({}, [['rack', '7']])).toMatchObject({
    status: 1,
    output: expect.stringContaining('has no userdata'),
  });
});

test('says so where the link is down', async () => {
  await run('ip link set eth0 down');
  expect(await setUp()).toMatchObject({ status: 1, output: expect.stringContaining('eth0 has no link') });
});
