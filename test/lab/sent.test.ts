import { expect, test } from 'vitest';
import { Activity } from '../../harness/guest/activity.ts';
import type { Guest } from '../../harness/guest/guest.ts';
import { untilSent } from '../../harness/lab/sent.ts';

const NEVER = new AbortController().signal;

/** A guest that sends what it is told to. */
function guestThatSends(through: 'segment' | 'socket') {
  const activity = new Activity();
  const packets: { bytes: Uint8Array; payload: Uint8Array }[] = [];
  const guest = {
    activity,
    segment: { frames: through === 'segment' ? packets : [] },
    socket: through === 'socket' ? { datagrams: packets } : null,
  } as unknown as Guest;
  const send = (text: string) => {
    const bytes = Buffer.from(text, 'latin1');
    packets.push({ bytes, payload: bytes });
    activity.happened();
  };
  return { guest, send };
}

test.each(['segment', 'socket'] as const)(
  'waits for the packet with the text, on the %s',
  async (through) => {
    const { guest, send } = guestThatSends(through);
    let sent = false;
    const waiting = untilSent(guest, 'a plain record \xe9', NEVER).then(() => (sent = true));
    send('6,1,1,-;another record');
    await new Promise(setImmediate);
    expect(sent).toBe(false);
    send('6,2,2,-;a plain record \xe9 here');
    await waiting;
    await untilSent(guest, 'another record', NEVER);
  },
);

test('ends with the signal', async () => {
  const { guest } = guestThatSends('segment');
  const controller = new AbortController();
  const waiting = untilSent(guest, 'anything', controller.signal);
  controller.abort(new Error('that was long enough'));
  await expect(waiting).rejects.toThrow('that was long enough');
});
