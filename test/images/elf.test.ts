import { copyFile, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { isUsable, obtainBusybox } from '../../images/busybox.ts';
import { isStaticProgram } from '../../images/elf.ts';
import { temporaryFolder } from '../host/temporary.ts';

const PT_INTERP = 3;
const PT_NULL = 0;
let file: string;
beforeEach(async () => {
  file = path.join(await temporaryFolder(), 'program');
  await copyFile('/bin/true', file);
});

/** The same program without its wish for an interpreter. */
async function withoutInterpreter(): Promise<void> {
  const bytes = await readFile(file);
  const [table, size, count] = [
    Number(bytes.readBigUInt64LE(32)),
    bytes.readUInt16LE(54),
    bytes.readUInt16LE(56),
  ];
  for (let at = table; at < table + size * count; at += size)
    if (bytes.readUInt32LE(at) === PT_INTERP) bytes.writeUInt32LE(PT_NULL, at);
  await writeFile(file, bytes);
}

describe('a program', () => {
  test('that asks for an interpreter is not static, without that wish it is', async () => {
    expect(await isStaticProgram(file)).toBe(false);
    await withoutInterpreter();
    expect(await isStaticProgram(file)).toBe(true);
  });

  test.each([
    ['whose program headers are cut off', (name: string) => truncate(name, 100)],
    ['that is shorter than its header', (name: string) => truncate(name, 20)],
    ['that is empty', (name: string) => truncate(name, 0)],
    ['that is a script', (name: string) => writeFile(name, `#!/bin/sh\n${'true\n'.repeat(99)}`)],
  ])('%s is not static', async (_, damage) => {
    await withoutInterpreter();
    await damage(file);
    expect(await isStaticProgram(file)).toBe(false);
  });

  test('that is not there is not static', async () => {
    expect(await isStaticProgram(`${file}-nowhere`)).toBe(false);
  });
});

test('a host’s busybox is taken only when it is static', async () => {
  expect(await isUsable(file)).toBe(false);
  await withoutInterpreter();
  expect(await isUsable(file)).toBe(true);
  const arch = process.arch === 'arm64' ? 'arm64' : 'x86-64';
  expect(await obtainBusybox(arch, { own: file })).toMatchObject({ file });
});
