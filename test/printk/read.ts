import type { RingContent } from '../../harness/printk/records.ts';
import { readRing } from '../../harness/printk/ring.ts';
import { readVmcoreInfo } from '../../harness/printk/vmcoreinfo.ts';
import { type GuestOptions, guestWith, type SyntheticGuest } from './guest-memory.ts';
import { type Message, RingWriter } from './ring-writer.ts';

/** The whole way, as a program goes it: the note, the page tables, the ring. */
export async function readGuest({
  memory,
  note,
}: SyntheticGuest): Promise<RingContent | { failure: string }> {
  const info = await readVmcoreInfo(memory, note.address, note.size);
  return 'failure' in info ? info : readRing(memory, info);
}

/** What of a guest must be readable. */
export async function contentOf(ring: RingWriter, options?: GuestOptions): Promise<RingContent> {
  const content = await readGuest(guestWith(ring, options));
  if ('failure' in content) throw new Error(content.failure);
  return content;
}

/** What can't be had, in words. */
export async function failureOf(guest: SyntheticGuest): Promise<string> {
  const content = await readGuest(guest);
  if (!('failure' in content)) throw new Error('it was read');
  return content.failure;
}

/** A ring into which these messages were written, one after the other. */
export function ringOf(
  messages: (Message | string)[],
  options: { countBits?: number; sizeBits?: number; rule?: 'old' | 'new' } = {},
): RingWriter {
  const ring = new RingWriter({ countBits: 4, sizeBits: 10, ...options });
  for (const message of messages) ring.write(typeof message === 'string' ? { text: message } : message);
  return ring;
}

/** `first … last`, numbered. */
export const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `message ${from + at}`);
