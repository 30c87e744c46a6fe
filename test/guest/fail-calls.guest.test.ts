import { describe, expect, test } from 'vitest';
import { crashAt } from '../../harness/guest/crash-at.ts';
import { failCalls } from '../../harness/guest/fail-calls.ts';
import type { Guest } from '../../harness/guest/guest.ts';
import { drain } from '../../harness/guest/quiet.ts';
import { cloneTemplate } from '../../harness/guest/template.ts';
import { readRing } from '../../harness/printk/ring.ts';
import { decodeUdp } from '../../harness/wire/udp.ts';
import { forEver } from './for-ever.ts';
import { stockTemplate } from './stock.ts';

const EIO = -5n;
/** One call each; `cat` would try twice. */
const CALL = 'read uptime < /proc/uptime && echo $uptime';
const CALL_OTHER = 'read version < /proc/version && echo $version';

async function clone(vcpus = 1) {
  const template = await stockTemplate({ vcpus });
  const guest = await cloneTemplate(template, { signal: forEver });
  return { guest, kernel: template.kernel, [Symbol.asyncDispose]: () => guest[Symbol.asyncDispose]() };
}

/** Texts of netconsole's packets so far. */
function arrived(guest: Guest): string[] {
  return guest.segment.frames.flatMap(({ direction, bytes }) => {
    const packet = direction === 'from guest' ? decodeUdp(bytes) : null;
    return packet?.kind === 'udp' && packet.destination.port === 6666
      ? [Buffer.from(packet.payload).toString('latin1')]
      : [];
  });
}

async function said(guest: Guest, words: string): Promise<void> {
  while (!guest.serial.text().includes(words)) {
    expect(await guest.activity.next(30_000, guest.signal), `waiting for ${words}`).toBe(true);
  }
}

// The question of 2001: what does netconsole do without memory? Its reserve is 32 buffers (net/core/netpoll.c).
test('without a single new buffer netconsole sends what its reserve holds, and never the panic', async () => {
  await using made = await clone();
  const { guest, kernel } = made;
  const before = arrived(guest).length;
  const failing = await failCalls(guest, kernel, ['__alloc_skb']);
  guest.agent.send(
    'i=0; while [ $i -lt 100 ]; do echo "<6>record $i." > /dev/kmsg; i=$((i+1)); done; echo c > /proc/sysrq-trigger',
  );
  await said(guest, '---[ end Kernel panic');
  await guest.qemu.qmp.execute('stop');
  await drain(guest);
  const packets = arrived(guest).slice(before);
  expect(failing.calls).toBeGreaterThan(50);
  expect(packets.length).toBeGreaterThanOrEqual(32);
  expect(packets.length).toBeLessThanOrEqual(33);
  for (const [at, packet] of packets.entries()) expect(packet).toContain(`record ${at}.`);
  expect(packets.join('')).not.toContain('panic');
});

describe('calls that fail', () => {
  test('return what was said, as often as was said, and then no more', async () => {
    await using made = await clone();
    const { guest, kernel } = made;
    const failing = await failCalls(guest, kernel, ['uptime_proc_show'], { return: EIO, times: 2 });
    const answers = [];
    for (let round = 0; round < 4; round++) answers.push(await guest.agent.run(CALL, guest.signal));
    expect(answers.map(({ status }) => status)).toEqual([1, 1, 0, 0]);
    expect(failing.calls).toBe(2);
    await failing.stop();
  });

  test('fail until somebody stops that', async () => {
    await using made = await clone();
    const { guest, kernel } = made;
    {
      await using failing = await failCalls(
        guest,
        kernel,
        ['uptime_proc_show', ['no_such', 'version_proc_show']],
        {
          return: EIO,
        },
      );
      expect((await guest.agent.run(CALL, guest.signal)).status).toBe(1);
      expect((await guest.agent.run(CALL_OTHER, guest.signal)).status).toBe(1);
      expect(await guest.agent.must('cat /proc/loadavg', guest.signal)).toMatch(/^\d/);
      expect(failing.calls).toBe(2);
    }
    expect(await guest.agent.must(`${CALL}; ${CALL_OTHER}`, guest.signal)).toContain('Linux version');
  });

  test('leave nothing behind when one of them can’t be', async () => {
    await using made = await clone();
    const { guest, kernel } = made;
    const first = await failCalls(guest, kernel, ['uptime_proc_show'], { return: EIO });
    const both = failCalls(guest, kernel, ['version_proc_show', 'uptime_proc_show']);
    await expect(both).rejects.toMatchObject({ code: 'BREAKPOINT_TAKEN', blame: 'usage' });
    expect(await guest.agent.must(CALL_OTHER, guest.signal)).toContain('Linux version');
    expect((await guest.agent.run(CALL, guest.signal)).status).toBe(1);
    await first.stop();
  });

  test('go on while the kernel is crashed elsewhere', async () => {
    await using made = await clone();
    const { guest, kernel } = made;
    const failing = await failCalls(guest, kernel, ['uptime_proc_show'], { return: EIO });
    await crashAt(guest, kernel, ['version_proc_show'], {
      waitMs: 30_000,
      meanwhile: () => void guest.agent.send('cat /proc/version'),
    });
    expect(guest.serial.text()).toMatch(/invalid opcode[^]*RIP: 0010:version_proc_show\+0x0/);
    expect((await guest.agent.run(CALL, guest.signal)).status).toBe(1);
    await expect(crashAt(guest, kernel, ['uptime_proc_show'], { waitMs: 1000 })).rejects.toMatchObject({
      code: 'BREAKPOINT_TAKEN',
    });
    await failing.stop();
    expect(await guest.agent.must(CALL, guest.signal)).toMatch(/^\d/);
  });

  test('don’t keep a guest from its reset, and its memory can be read after it', async () => {
    await using made = await clone();
    const { guest, kernel } = made;
    const failing = await failCalls(guest, kernel, ['uptime_proc_show']);
    guest.agent.send('echo b > /proc/sysrq-trigger');
    while (!guest.events.some(({ name }) => name === 'SHUTDOWN')) {
      expect(await guest.activity.next(10_000, guest.signal)).toBe(true);
    }
    await guest.qemu.qmp.execute('stop');
    const ring = await readRing(guest.memory, await kernel.vmcoreInfo(guest.memory));
    expect('failure' in ring).toBe(false);
    await failing.stop();
  });

  test('end with their guest, and nobody has to know', async () => {
    const made = await clone();
    const failing = await failCalls(made.guest, made.kernel, ['uptime_proc_show']);
    await made[Symbol.asyncDispose]();
    await failing.stop();
    expect(failing.calls).toBe(0);
  });
});

describe.each([1, 2])('of a guest with %i vCPUs that QMP stops while its calls fail', (vcpus) => {
  test('nothing moves until QMP lets it go on', async () => {
    await using made = await clone(vcpus);
    const { guest, kernel } = made;
    const { qmp } = guest.qemu;
    const failing = await failCalls(guest, kernel, ['uptime_proc_show'], { return: EIO });
    for (let cpu = 0; cpu < vcpus; cpu++) {
      guest.agent.send(`(while :; do taskset ${1 << cpu} cat /proc/uptime > /dev/null 2>&1; done) &`);
    }
    for (let round = 0; round < 20; round++) {
      const before = failing.calls;
      while (failing.calls < before + 5) {
        expect(await guest.activity.next(10_000, guest.signal)).toBe(true);
      }
      await qmp.execute('stop');
      const { calls } = failing;
      const ring = await readRing(guest.memory, await kernel.vmcoreInfo(guest.memory));
      expect('failure' in ring).toBe(false);
      expect(await qmp.execute('query-status')).toMatchObject({ running: false });
      expect(failing.calls).toBe(calls);
      await qmp.execute('cont');
      expect(await qmp.execute('query-status')).toMatchObject({});
    }
    await failing.stop();
    expect(await guest.agent.must('echo alive', guest.signal)).toBe('alive\n');
    expect(guest.serial.text()).not.toMatch(/Oops|BUG|WARNING/);
  });
});
