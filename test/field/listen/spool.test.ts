import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BatchBuilder } from '../../../harness/field/listen/batch.ts';
import { Spool } from '../../../harness/field/listen/spool.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'crashlab-spool-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function batchOf(...texts: string[]) {
  const builder = new BatchBuilder();
  for (const [at, text] of texts.entries()) builder.add(Buffer.from(text), at, at + 0.5);
  const batch = builder.take();
  expect(builder.empty).toBe(true);
  return batch;
}

test('batches come back as they were, the first first, and the disk has them under no name', () => {
  const spool = new Spool(folder, 1000);
  const batches = [batchOf('one', 'two'), batchOf(''), batchOf('three')];
  for (const batch of batches) expect(spool.write(batch)).toBe(true);
  expect(readdirSync(folder)).toEqual([]);
  for (const batch of batches) expect(spool.read()).toEqual(batch);
  expect([spool.read(), spool.empty]).toEqual([null, true]);
  // And again: what came back takes no more room.
  for (let round = 0; round < 100; round += 1) {
    expect(spool.write(batchOf('x'.repeat(500)))).toBe(true);
    expect(spool.read()?.bytes).toHaveLength(500);
  }
  spool.close();
});

/** Of several lengths. */
const textOf = (number: number) => `${number}`.padEnd(300 + (number % 7) * 40, '.');

test('what was read makes room, round and round', () => {
  const spool = new Spool(folder, 3000);
  let [written, read] = [0, 0];
  for (let round = 0; round < 5000; round += 1) {
    while (spool.write(batchOf(textOf(written)))) written += 1;
    for (let count = 0; count < 1 + (round % 3); count += 1, read += 1)
      expect(Buffer.from(spool.read()?.bytes ?? []).toString()).toBe(textOf(read));
    expect(spool.bytes).toBeLessThanOrEqual(3000);
  }
  expect(read).toBeGreaterThan(9000);
  spool.close();
});

test('there is an end to it, and a disk that takes nothing is no error', () => {
  const spool = new Spool(folder, 1000);
  expect(spool.write(batchOf('x'.repeat(900)))).toBe(true);
  expect(spool.write(batchOf('x'.repeat(900)))).toBe(false);
  expect(spool.read()?.bytes).toHaveLength(900);
  spool.close();
  expect(new Spool(path.join(folder, 'nowhere'), 1000).write(batchOf('x'))).toBe(false);
});

test('a batch has an end', () => {
  const builder = new BatchBuilder();
  let count = 0;
  for (; builder.hasRoomFor(1000); count += 1) builder.add(new Uint8Array(1000), 0, 0);
  expect(count).toBe(262);
  expect(builder.hasRoomFor(100)).toBe(true);
  for (; builder.hasRoomFor(0); count += 1) builder.add(new Uint8Array(), 0, 0);
  expect([count, builder.take().lengths.length]).toEqual([1024, 1024]);
});
