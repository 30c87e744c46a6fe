import type { Guest } from '../guest/guest.ts';

/** Of a guest that sends nothing any more; what it does send is looked at when it comes. */
const LOOK_AGAIN_MS = 1000;

/** All that have come from the guest: frames, or datagrams where QEMU is the host. */
export const packetsOf = ({ segment, socket }: Pick<Guest, 'segment' | 'socket'>) =>
  socket ? socket.datagrams : segment.frames;

/** Waits until a packet with this text, a byte string that stands in one, has come from the guest. */
export async function untilSent(
  guest: Pick<Guest, 'activity' | 'segment' | 'socket'>,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const seen = packetSearch(guest, text);
  while (!seen()) {
    signal.throwIfAborted();
    await guest.activity.next(LOOK_AGAIN_MS, signal);
  }
}

/** Says whether such a packet has come; looks at each packet once. */
function packetSearch({ segment, socket }: Pick<Guest, 'segment' | 'socket'>, text: string): () => boolean {
  const wanted = Buffer.from(text, 'latin1');
  let looked = 0;
  return () => {
    const packets = packetsOf({ segment, socket });
    for (; looked < packets.length; looked++) {
      const packet = packets[looked];
      const bytes = packet && ('bytes' in packet ? packet.bytes : packet.payload);
      if (bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(wanted))
        return true;
    }
    return false;
  };
}
