import type { Activity } from './activity.ts';

const CONNECTED = 'NETDEV_STREAM_CONNECTED';
/** In the list of QEMU's networks: the wire, and nothing said of its other end. */
const UNCONNECTED = /type=stream,(?:\s*$|connecting)/m;
const LOOK_AGAIN_MS = 10;

/**
 * Resolves when QEMU has taken up the wire's socket, which a thread of its does when it has time: what the guest sends
 * before that is thrown away without a word (net/stream.c, net_stream_client_connected() and `link_down`). Measured: of
 * 4209 clones 4 ran before that, and one lost its first record. Ends early, without an error, when `signal` aborts.
 */
export async function untilWired(
  guest: {
    events: readonly { name: string }[];
    activity: Pick<Activity, 'next'>;
    qemu: { qmp: { execute: (command: string, parameters: Record<string, unknown>) => Promise<unknown> } };
  },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    if (guest.events.some(({ name }) => name === CONNECTED)) return;
    const networks = await guest.qemu.qmp.execute('human-monitor-command', {
      'command-line': 'info network',
    });
    if (!UNCONNECTED.test(String(networks))) return;
    await guest.activity.next(LOOK_AGAIN_MS, signal);
  }
}
