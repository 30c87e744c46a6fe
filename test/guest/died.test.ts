import { setTimeout as after } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { Activity } from '../../harness/guest/activity.ts';
import { untilDead } from '../../harness/guest/died.ts';
import { SerialLog } from '../../harness/guest/serial.ts';
import type { Guest } from '../../harness/guest/guest.ts';
import { channelPair } from '../machine/peer.ts';
import { forEver } from './for-ever.ts';

function boot() {
  const [ours, console]: [Duplex, Duplex] = channelPair();
  const activity = new Activity();
  const events: Guest['events'] = [];
  return { guest: { activity, events, serial: new SerialLog(ours, activity.happened) }, console };
}

const ended = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));

test.each(['Kernel panic - not syncing: no init', 'Oops: 0000 [#1]'])(
  '"%s" is a death, also when it comes in pieces',
  async (words) => {
    const { guest, console } = boot();
    using alive = untilDead(guest, forEver, () => 'its last lines');
    const reason = ended(alive.signal);
    console.write(`${'x'.repeat(100_000)}\n`);
    for (const letter of words) {
      console.write(letter);
      await after(0);
    }
    expect(await reason).toMatchObject({
      code: 'GUEST_DIED',
      blame: 'guest',
      message: expect.stringContaining('its last lines') as string,
    });
  },
);

test('a power-off is a death', async () => {
  const { guest } = boot();
  using alive = untilDead(guest, forEver, () => '');
  const reason = ended(alive.signal);
  guest.events.push({ name: 'SHUTDOWN', data: { reason: 'guest-reset' }, atMs: 0 });
  guest.activity.happened();
  expect(await reason).toMatchObject({ code: 'GUEST_DIED' });
});

test('a warning is none', async () => {
  const { guest, console } = boot();
  using alive = untilDead(guest, forEver, () => '');
  console.write('WARNING: CPU: 0 PID: 1\n---[ end trace 0000000000000000 ]---\n');
  await after(600);
  expect(alive.signal.aborted).toBe(false);
});

test('nothing is watched any more once the guest is up', async () => {
  const { guest, console } = boot();
  const alive = untilDead(guest, forEver, () => '');
  alive[Symbol.dispose]();
  await after(0);
  let read = 0;
  guest.serial.text = () => {
    read += 1;
    return '';
  };
  console.write('Kernel panic - not syncing: the experiment\n');
  await after(10);
  expect(read).toBe(0);
});

test('the caller’s own reason comes through', () => {
  const { guest } = boot();
  const reason = new Error('Ctrl-C');
  using alive = untilDead(guest, AbortSignal.abort(reason), () => '');
  expect(alive.signal.reason).toBe(reason);
});
