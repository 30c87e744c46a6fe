import { expect, test } from 'vitest';
import { Activity } from '../../harness/guest/activity.ts';
import { untilWired } from '../../harness/guest/wired.ts';

/** As QEMU 7.2 lists them. */
const networks = (wire: string) =>
  `nic: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:12:34:56\r\n \\ wire: index=0,${wire}\r\n`;

/** A QEMU that answers so, one after the other. */
function guestThat(...answers: string[]) {
  const activity = new Activity();
  const events: { name: string }[] = [];
  const asked: string[] = [];
  const execute = (_: string, parameters: Record<string, unknown>) => {
    asked.push(String(parameters['command-line']));
    return Promise.resolve(answers.shift());
  };
  return { activity, events, asked, qemu: { qmp: { execute } } };
}

const never = new AbortController().signal;

test('a wire that QEMU has taken up is not waited for', async () => {
  const guest = guestThat(networks('type=stream,unix:'));
  await untilWired(guest, never);
  expect(guest.asked).toEqual(['info network']);
});

test('nor one whose event has come', async () => {
  const guest = guestThat();
  guest.events.push({ name: 'NETDEV_STREAM_CONNECTED' });
  await untilWired(guest, never);
  expect(guest.asked).toEqual([]);
});

test('one that it has not is, until it has', async () => {
  const waiting = networks('type=stream,');
  const guest = guestThat(
    waiting,
    networks('type=stream,connecting...'),
    waiting,
    networks('type=stream,unix:'),
  );
  await untilWired(guest, never);
  expect(guest.asked).toHaveLength(4);
});

test('a wire that is no stream needs nothing', async () => {
  const guest = guestThat(networks('type=dgram,udp=127.0.0.1:0/127.0.0.1:9'));
  await untilWired(guest, never);
  expect(guest.asked).toHaveLength(1);
});

test('the caller’s signal ends the waiting', async () => {
  const controller = new AbortController();
  const guest = guestThat(...Array.from({ length: 100 }, () => networks('type=stream,')));
  const waited = untilWired(guest, controller.signal);
  controller.abort();
  await waited;
  expect(guest.asked.length).toBeLessThan(3);
});
