/** `udf #0`, all zeros: raises an undefined instruction exception in place, so that pc and call trace stay true. */
export const ARM64_ILLEGAL_INSTRUCTION = Uint8Array.of(0, 0, 0, 0);

/**
 * QEMU's aarch64 `g` packet, as gdb's org.gnu.gdb.aarch64.core describes it: x0 … x30, sp and pc of 8 bytes each,
 * cpsr of 4, little-endian.
 */
const WORD = 8;
const LINK = 30;
const STACK = 31;
const PROGRAM = 32;
export const ARM64_REGISTER_BYTES = 33 * WORD + 4;

/** The register block of one vCPU: `Registers.bytes` of a guest that is arm64. What is set here is set in the block. */
export class Arm64Registers {
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** x0 … x30. The first eight hold a function's arguments at its entry, x0 what it returns. */
  general(index: number): bigint {
    check(index);
    return this.word(index);
  }

  setGeneral(index: number, value: bigint): void {
    check(index);
    this.setWord(index, value);
  }

  get pc(): bigint {
    return this.word(PROGRAM);
  }

  set pc(value: bigint) {
    this.setWord(PROGRAM, value);
  }

  get sp(): bigint {
    return this.word(STACK);
  }

  /** At a function's entry it has not signed or stored its return address yet: that is x30. */
  returnFrom(value: bigint): void {
    this.setWord(0, value);
    this.pc = this.word(LINK);
  }

  private word(index: number): bigint {
    return this.view.getBigUint64(index * WORD, true);
  }

  private setWord(index: number, value: bigint): void {
    this.view.setBigUint64(index * WORD, BigInt.asUintN(64, value), true);
  }
}

function check(index: number): void {
  if (Number.isInteger(index) && index >= 0 && index <= LINK) return;
  throw new RangeError(`arm64 has no register x${index}`);
}
