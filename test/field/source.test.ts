import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { readSource } from '../../harness/field/source.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'crashlab-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, bytes: Uint8Array | string): string {
  const place = path.join(folder, name);
  writeFileSync(place, bytes);
  return place;
}

const words = 'Kernel panic - not syncing: \xfftest\n';
const packedBy = (program: string) => execFileSync(program, ['-c'], { input: words });

/** All of it at once. */
async function whole(from: string, problems: string[] = []): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readSource(from, (problem) => problems.push(problem))) pieces.push(piece);
  return Buffer.concat(pieces);
}

const read = async (from: string) => new TextDecoder().decode(await whole(from));

test.each([
  ['plain', words],
  ['gzip', gzipSync(words)],
  ['xz', packedBy('xz')],
  ['zstd', packedBy('zstd')],
])('a log that is %s, told by its first bytes', async (name, bytes) => {
  expect(await read(file(`${name}.log`, bytes))).toBe(words);
});

const long = Array.from({ length: 50_000 }, (_, at) => `line ${at} ${Math.sin(at)}\n`).join('');
const packLong = (program: string) => execFileSync(program, ['-c'], { input: long });

test.each([
  ['gzip', gzipSync(long)],
  ['xz', packLong('xz')],
  ['zstd', packLong('zstd')],
])(
  'one that is %s and cut near its end is given as far as it goes, and that is said',
  async (name, bytes) => {
    const problems: string[] = [];
    const given = await whole(file(`near-${name}`, bytes.subarray(0, -20)), problems);
    expect(given.length).toBeGreaterThan(0.8 * long.length);
    expect(long.startsWith(given.toString())).toBe(true);
    expect(problems).toEqual([expect.stringContaining(`packed with ${name}, and cut short`)]);
  },
);

test('several in one gzip, and zeros behind its end, as a tape or a disk leaves them', async () => {
  const problems: string[] = [];
  const bytes = Buffer.concat([gzipSync(words), gzipSync(long), Buffer.alloc(100_000)]);
  expect((await whole(file('padded.gz', bytes), problems)).toString()).toBe(words + long);
  expect(problems).toEqual([]);
});

test.each([
  ['gzip', gzipSync(words).subarray(0, 10)],
  ['xz', packedBy('xz').subarray(0, 20)],
  ['zstd', packedBy('zstd').subarray(0, 8)],
])('one that is %s and has nothing that can be unpacked is damaged', async (name, bytes) => {
  await expect(whole(file(`cut-${name}`, bytes))).rejects.toMatchObject({
    code: 'LOG_DAMAGED',
    message: expect.stringContaining(name),
  });
});

test('a bomb is unpacked piece by piece, and may be left in the middle', async () => {
  for (const pack of [gzipSync, (bytes: Uint8Array) => execFileSync('xz', ['-c'], { input: bytes })]) {
    const bomb = pack(new Uint8Array(64 << 20));
    expect(bomb.length).toBeLessThan(100_000);
    let largest = 0;
    let total = 0;
    for await (const piece of readSource(file('bomb', bomb), () => {})) {
      largest = Math.max(largest, piece.length);
      total += piece.length;
      if (total > 32 << 20) break;
    }
    expect(largest).toBeLessThanOrEqual(1 << 20);
    expect(total).toBeLessThan(34 << 20);
  }
});

test.each([
  ['/nonexistent.log', 'there is no such file'],
  [folder, 'it is a folder'],
])('%s can’t be read, and why', async (from, why) => {
  await expect(whole(from)).rejects.toMatchObject({
    code: 'LOG_UNREADABLE',
    message: expect.stringContaining(why),
  });
});
