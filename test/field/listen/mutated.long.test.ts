import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Sender } from '../../../harness/field/listen/sender.ts';
import { datagrams } from '../../../harness/field/records.ts';

const DATAGRAMS = 1_000_000;
/** A sender holds a few MiB whatever comes; what the garbage collector has not yet looked at comes on top. */
const MOST_GROWTH = 96 << 20;

/** xorshift32: the same numbers each time. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** What real kernels send: both formats, with dictionaries, callers, releases, and in fragments. */
function genuine(): string[] {
  const texts = ['6.12/task-panics', '6.12/boot', '6.12/warning', '6.1/null'].flatMap((file) =>
    readFileSync(new URL(`../../oops/fixtures/${file}.txt`, import.meta.url), 'latin1').split('\n'),
  );
  return texts.flatMap((text, at) => [
    `6,${at},${at * 1000},-;${text}\n`,
    `6.12.0,4,${at},${at * 1000},-,caller=T${at};${text}\n SUBSYSTEM=pci\n DEVICE=+pci:0000:00:01.0\n`,
    `6,${at},${at},-,ncfrag=0/${2 * text.length};${text}`,
    `6,${at},${at},-,ncfrag=${text.length}/${2 * text.length};${text}`,
    `${text}\n`,
  ]);
}

function mutate(bytes: Buffer, others: readonly string[], random: (below: number) => number): Buffer {
  const at = random(bytes.length + 1);
  const other = Buffer.from(others[random(others.length)] ?? '', 'latin1');
  switch (random(9)) {
    case 0:
      return bytes;
    case 1: {
      const flipped = Buffer.from(bytes);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random(8));
      return flipped;
    }
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return bytes.subarray(at);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), other]);
    case 5:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.alloc(random(64), random(256)),
        bytes.subarray(at),
      ]);
    case 6: {
      // Another number in its place, also one that no kernel has.
      const numbers = ['0', '-1', '4294967296', '9007199254740993', '1e9', '', '00'];
      const number = numbers[random(numbers.length)] ?? '';
      return Buffer.from(
        bytes.toString('latin1').replace(/\d+(?=[,/;])/g, (own) => (random(2) === 0 ? own : number)),
        'latin1',
      );
    }
    case 7:
      return Buffer.concat([bytes, bytes]);
    default:
      return Buffer.from(Array.from({ length: random(1500) }, () => random(256)));
  }
}

test(
  'a million mutated datagrams: nothing is thrown, nothing reaches a terminal, memory is bounded',
  { timeout: 1_200_000 },
  () => {
    const seeds = genuine();
    const random = randomNumbers(20_261_127);
    const listened = new Sender();
    const judged = datagrams();
    let before = 0;
    let shown = 0;
    let refused = 0;
    for (let number = 0; number < DATAGRAMS; number += 1) {
      const payload = mutate(Buffer.from(seeds[random(seeds.length)] ?? '', 'latin1'), seeds, random);
      listened.receive(payload, number);
      judged.receive(payload, number);
      if (number % 1000 !== 999) continue;
      listened.advance(number);
      const { text } = listened.take();
      shown += text.length;
      // oxlint-disable-next-line no-control-regex -- these are what it is about
      expect(text).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
      if (number === DATAGRAMS / 10 - 1) before = process.memoryUsage().heapUsed;
    }
    listened.finish(DATAGRAMS);
    judged.finish();
    const { counts } = listened;
    refused = counts.refused;
    expect(counts.datagrams).toBe(DATAGRAMS);
    expect([shown > 1e6, refused > 1000, counts.records > 100_000]).toEqual([true, true, true]);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(MOST_GROWTH);
  },
);
