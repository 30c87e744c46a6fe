import { expect, test } from 'vitest';
import { ARM64 } from '../../harness/machine/arm64.ts';
import type { AtEntry } from '../../harness/machine/cpu-code.ts';

const ADDRESS = 0xffff800080123450n;
const STACK = 0xffff80008000be00n;
const registers = new Map([
  [29, 0xffff80008000be40n],
  [30, 0xffff800080555554n],
  [31, STACK],
  [33, 0x60000005n],
]);
const entry: AtEntry = {
  address: ADDRESS,
  register: (number) => Promise.resolve(registers.get(number) ?? 0n),
  memory: () => Promise.resolve(new Uint8Array()),
};

test('on arm64 a function is left to where its link register says, the value in x0', async () => {
  expect(await ARM64.leave(entry, -12n)).toEqual({
    registers: [
      [0, 0xfffffffffffffff4n],
      [32, 0xffff800080555554n],
    ],
  });
});

test('on arm64 a call leaves the frame record the function would have made, and returns into it', async () => {
  const { registers: written, memory = [] } = await ARM64.call(entry, 0x1000n, 'why');
  const record = Buffer.from(memory[0]?.[1] ?? []);
  expect(memory[0]?.[0]).toBe(STACK - 16n);
  expect([record.readBigUInt64LE(0), record.readBigUInt64LE(8)]).toEqual([
    0xffff80008000be40n,
    0xffff800080555554n,
  ]);
  expect(new Map(written)).toEqual(
    new Map([
      [31, STACK - 16n],
      [29, STACK - 16n],
      [30, ADDRESS + 4n],
      [32, 0x1000n],
      [0, STACK - 16n - 2048n],
      [33, 0x60000085n],
    ]),
  );
  expect(Buffer.from(memory[1]?.[1] ?? []).toString('latin1')).toBe('why\0');
});

test('on arm64 a jump masks interrupts only where it should', async () => {
  expect((await ARM64.jump(entry, 0x1000n, { interrupts: true })).registers).toContainEqual([
    33,
    0x60000005n,
  ]);
  expect((await ARM64.jump(entry, 0x1000n, { interrupts: false })).registers).toContainEqual([
    33,
    0x60000085n,
  ]);
});
