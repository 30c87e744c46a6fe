import { createSocket } from 'node:dgram';
import { expect, test } from 'vitest';
import { Activity } from '../../harness/guest/activity.ts';
import { UdpWitness } from '../../harness/wire/udp-socket.ts';

async function send(
  port: number,
  texts: string[],
  arrived: () => boolean,
  activity: Activity,
): Promise<void> {
  const socket = createSocket('udp4');
  for (const text of texts) {
    await new Promise((resolve) => socket.send(text, port, '127.0.0.1', resolve));
  }
  while (!arrived()) await activity.next(1000);
  socket.close();
}

test('datagrams are kept as they arrive, empty ones too', async () => {
  const activity = new Activity();
  await using witness = await UdpWitness.open(activity.happened);
  await send(witness.port, ['one', '', 'two'], () => witness.datagrams.length === 3, activity);
  expect(witness.datagrams.map(({ payload }) => Buffer.from(payload).toString())).toEqual(['one', '', 'two']);
  expect(witness.failure).toBeNull();
});

test('a flood is not kept for ever, and the witness says that it is not whole', async () => {
  const activity = new Activity();
  await using witness = await UdpWitness.open(activity.happened, 2000);
  const texts = Array.from({ length: 20 }, () => 'x'.repeat(300));
  await send(witness.port, texts, () => activity.count === 20, activity);
  expect(witness.failure).toContain('2000 bytes');
  expect(witness.datagrams).toHaveLength(4);
});
