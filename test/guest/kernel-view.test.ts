import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { GuestFacts } from '../../harness/guest/facts.ts';
import { Kept } from '../../harness/guest/kept.ts';
import { KernelView } from '../../harness/guest/kernel-view.ts';
import { keepSymbols, keptSymbols } from '../../harness/guest/symbol-file.ts';
import type { PhysicalMemory } from '../../harness/printk/memory.ts';
import { temporaryFolder } from '../host/temporary.ts';

const NOTE_AT = 0x1000;

/** A guest whose memory is a VMCOREINFO note; without a text it was torn. */
function guestWith(text: string | null): { memory: PhysicalMemory; facts: GuestFacts } {
  const name = Buffer.from('VMCOREINFO\0\0');
  const words = Buffer.from(text ?? '');
  const header = Buffer.from(Uint32Array.of(11, words.length, 0).buffer);
  const note = Buffer.concat([header, name, words]);
  const read = async (address: bigint, length: number) =>
    text === null
      ? null
      : new Uint8Array(note.subarray(Number(address) - NOTE_AT, Number(address) - NOTE_AT + length));
  return {
    memory: { read },
    facts: {
      release: '6.99.0',
      vmcoreinfo: { address: `0x${NOTE_AT.toString(16)}`, size: note.length },
      netconsole: 'legacy',
      moduleSymbols: '',
    },
  };
}

test('a guest whose memory was torn spoils nothing for the clones after it, nor for those that wait', async () => {
  const sound = guestWith('OSRELEASE=6.99.0\n');
  const torn = guestWith(null);
  const view = new KernelView(sound.facts, null);
  const first = view.vmcoreInfo(torn.memory);
  const waiting = view.vmcoreInfo(sound.memory);
  await expect(first).rejects.toMatchObject({ code: 'RING_UNREADABLE' });
  expect(await waiting).toMatchObject({ release: '6.99.0' });
  expect(await view.vmcoreInfo(torn.memory)).toMatchObject({ release: '6.99.0' });
});

describe('a kept value', () => {
  test('is read once, whoever asks at the same time', async () => {
    const read = vi.fn<() => Promise<number>>(async () => 7);
    const kept = new Kept<number>();
    expect(await Promise.all([kept.get(read), kept.get(read)])).toEqual([7, 7]);
    expect(await kept.get(read)).toBe(7);
    expect(read).toHaveBeenCalledTimes(1);
  });

  test('whose readings all fail fails for each with its own reason', async () => {
    const kept = new Kept<number>();
    const all = ['a', 'b', 'c'].map((why) => kept.get(() => Promise.reject(new Error(why))));
    expect(
      (await Promise.allSettled(all)).map((one) => one.status === 'rejected' && String(one.reason)),
    ).toEqual(['Error: a', 'Error: b', 'Error: c']);
    expect(await kept.get(async () => 1)).toBe(1);
  });
});

describe('kept symbols', () => {
  const symbols = [
    { name: 'panic', type: 'T', address: 0xffff_ffff_8100_0000n },
    { name: 'oops_begin', type: 't', address: 0x40n },
  ];
  let file: string;
  beforeEach(async () => {
    file = path.join(await temporaryFolder(), 'symbols');
  });

  test('are found as they were', async () => {
    expect(await keptSymbols(file)).toBeNull();
    await keepSymbols(file, symbols);
    expect(await keptSymbols(file)).toEqual(symbols);
  });

  test.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, -3)],
    ['cut off at a line', (bytes: Buffer) => bytes.subarray(0, bytes.lastIndexOf('\n', -2) + 1)],
    ['cut down to nothing', (bytes: Buffer) => bytes.subarray(0, 0)],
    [
      'changed by a bit',
      (bytes: Buffer) => bytes.fill(bytes.at(-3)! ^ 1, bytes.length - 3, bytes.length - 2),
    ],
    ['filled with zeros', (bytes: Buffer) => Buffer.alloc(bytes.length)],
  ])('that were %s are none', async (_, damage) => {
    await keepSymbols(file, symbols);
    await writeFile(file, damage(await readFile(file)));
    expect(await keptSymbols(file)).toBeNull();
  });

  test('that can’t be kept are no trouble, and leave nothing', async () => {
    await mkdir(file);
    await keepSymbols(file, symbols);
    expect(await readdir(path.dirname(file))).toEqual(['symbols']);
  });
});
