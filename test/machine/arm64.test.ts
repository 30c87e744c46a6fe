import { expect, test } from 'vitest';
import { ARM64_REGISTER_BYTES, Arm64Registers } from '../../harness/machine/arm64.ts';

/** Register n holds n in each of its bytes. */
const block = () => Uint8Array.from({ length: ARM64_REGISTER_BYTES }, (_, at) => Math.floor(at / 8));
const filled = (index: number) => BigInt(`0x${index.toString(16).padStart(2, '0').repeat(8)}`);

test('each register has its place in the block', () => {
  const registers = new Arm64Registers(block());
  expect(Array.from({ length: 31 }, (_, index) => registers.general(index))).toEqual(
    Array.from({ length: 31 }, (_, index) => filled(index)),
  );
  expect([registers.sp, registers.pc]).toEqual([filled(31), filled(32)]);
});

test('a function is made to return a value to where it was called from', () => {
  const bytes = block();
  const registers = new Arm64Registers(bytes);
  registers.returnFrom(-12n);
  const changed = new Arm64Registers(bytes);
  expect([changed.general(0), changed.pc]).toEqual([0xffff_ffff_ffff_fff4n, filled(30)]);
  expect(bytes.slice(8, 32 * 8)).toEqual(block().slice(8, 32 * 8));
});

test.each([-1, 31, 1.5, Number.NaN])('there is no register x%d', (index) => {
  expect(() => new Arm64Registers(block()).general(index)).toThrow(RangeError);
  expect(() => new Arm64Registers(block()).setGeneral(index, 0n)).toThrow(RangeError);
});
