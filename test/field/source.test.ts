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
  const whole = path.join(folder, name);
  writeFileSync(whole, bytes);
  return whole;
}

const words = 'Kernel panic - not syncing: \xfftest\n';
const packedBy = (program: string) => execFileSync(program, ['-c'], { input: words });
const read = async (from: string) => new TextDecoder().decode(await readSource(from));

test.each([
  ['plain', words],
  ['gzip', gzipSync(words)],
  ['xz', packedBy('xz')],
  ['zstd', packedBy('zstd')],
])('a log that is %s, told by its first bytes', async (name, bytes) => {
  expect(await read(file(`${name}.log`, bytes))).toBe(words);
});

test.each([
  ['gzip', gzipSync(words).subarray(0, 20)],
  ['xz', packedBy('xz').subarray(0, 20)],
  ['zstd', packedBy('zstd').subarray(0, 8)],
])('one that is %s and cut short is damaged', async (name, bytes) => {
  await expect(readSource(file(`cut-${name}`, bytes))).rejects.toMatchObject({
    code: 'LOG_DAMAGED',
    message: expect.stringContaining(name),
  });
});

test('a bomb is refused before it fills the memory', async () => {
  const most = 1024 * 1024;
  for (const pack of [gzipSync, (bytes: Uint8Array) => execFileSync('xz', ['-c'], { input: bytes })]) {
    const bomb = pack(new Uint8Array(most + 1));
    expect(bomb.length).toBeLessThan(most / 100);
    await expect(readSource(file('bomb', bomb), most)).rejects.toMatchObject({
      code: 'LOG_TOO_LARGE',
      message: expect.stringContaining('more than 1 MiB'),
    });
    expect(await readSource(file('none', pack(new Uint8Array(most))), most)).toHaveLength(most);
  }
});

test.each([
  ['/nonexistent.log', 'there is no such file'],
  [folder, 'it is a folder'],
])('%s can’t be read, and why', async (from, why) => {
  await expect(readSource(from)).rejects.toMatchObject({
    code: 'LOG_UNREADABLE',
    message: expect.stringContaining(why),
  });
});
