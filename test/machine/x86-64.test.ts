import { describe, expect, test } from 'vitest';
import type { AtEntry } from '../../harness/machine/cpu-code.ts';
import { X86_64 } from '../../harness/machine/x86-64.ts';

const ADDRESS = 0xffffffff81234560n;
const STACK = 0xffffc90000013e48n;
const FLAGS = 0x246n;

function entry(text: number[] = [0x90, 0xc3]): AtEntry {
  const registers = new Map([
    [7, STACK],
    [17, FLAGS],
  ]);
  return {
    address: ADDRESS,
    register: (number) => Promise.resolve(registers.get(number) ?? 0n),
    memory: (address) => Promise.resolve(Uint8Array.from(address === ADDRESS ? text : [])),
  };
}

describe('on x86-64', () => {
  test('a function is left by its own ret, the value in RAX, the stack as it was', async () => {
    expect(await X86_64.leave(entry([0x55, 0x5d, 0xc3, 0xcc]), -5n)).toEqual({
      registers: [
        [0, 0xfffffffffffffffbn],
        [16, ADDRESS + 2n],
      ],
      constant: true,
    });
  });

  test('of two bytes like a ret, the one that is sure to be one is taken', async () => {
    const { registers } = await X86_64.leave(entry([0x48, 0x89, 0xc3, 0x90, 0xc3, 0xcc]), 0n);
    expect(registers).toContainEqual([16, ADDRESS + 4n]);
  });

  test('a function without a ret can’t be left', async () => {
    await expect(X86_64.leave(entry([0x90]), 0n)).rejects.toMatchObject({ code: 'NO_RETURN', blame: 'lab' });
  });

  test('a call pushes a return address within the function’s first instruction', async () => {
    expect(await X86_64.call(entry(), 0n)).toEqual({
      registers: [
        [7, STACK - 8n],
        [16, 0n],
      ],
      memory: [[STACK - 8n, Buffer.from('6145238 1ffffffff'.replace(' ', ''), 'hex')]],
    });
  });

  test('a call’s text lies below the stack, ends with a zero, and no interrupt overwrites it', async () => {
    const { registers, memory = [] } = await X86_64.call(entry(), 0x1000n, 'why');
    const [place, text] = memory[1] ?? [0n, Uint8Array.of()];
    expect(place).toBe(STACK - 8n - 2048n);
    expect(Buffer.from(text).toString('latin1')).toBe('why\0');
    expect(new Map(registers)).toEqual(
      new Map([
        [7, STACK - 8n],
        [16, 0x1000n],
        [5, place],
        [0, 0n],
        [17, 0x46n],
      ]),
    );
  });

  test.each([
    [true, FLAGS],
    [false, 0x46n],
  ])('a jump with interrupts %j leaves the flags 0x%i', async (interrupts, flags) => {
    expect((await X86_64.jump(entry(), 0x1000n, { interrupts })).registers).toEqual([
      [16, 0x1000n],
      [17, flags],
    ]);
  });

  test('a system call becomes another, with the text that it was made with', async () => {
    const saved = 0xffffc90000013f58n;
    const text = 0x7ffc12345678n;
    const at: AtEntry = {
      address: ADDRESS,
      register: (number) => Promise.resolve(number === 5 ? saved : 0n),
      memory: (address) => {
        const bytes = Buffer.alloc(8);
        bytes.writeBigUInt64LE(address === saved + 112n ? text : 0n);
        return Promise.resolve(bytes);
      },
    };
    const change = await X86_64.systemCalls?.become(at, 0x1000n, [3n, 4n, 77n, null, 2n]);
    const memory = change?.memory?.map(([address, bytes]) => [
      address - saved,
      Buffer.from(bytes).readBigUInt64LE(),
    ]);
    expect(change?.registers).toEqual([[16, 0x1000n]]);
    // di, si, dx, r10, r8
    expect(memory).toEqual([
      [112n, 3n],
      [104n, 4n],
      [96n, 77n],
      [56n, text],
      [72n, 2n],
    ]);
  });

  test('what is behind a ret is run by nobody', () => {
    expect(X86_64.unusedPlace(Uint8Array.of(0x55, 0xc3, 0xcc, 0xcc, 0xcc, 0xcc))).toBe(2);
    expect(X86_64.unusedPlace(Uint8Array.of(0xcc, 0xcc, 0xc3, 0x90, 0xcc))).toBeNull();
  });
});
