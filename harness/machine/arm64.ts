import type { AtEntry, CpuCode } from './cpu-code.ts';

/** Register numbers of QEMU's aarch64 stub: QEMU gdb-xml/aarch64-core.xml. x0 … x30 are 0 … 30. */
const FRAME = 29;
const LINK = 30;
const SP = 31;
const PC = 32;
const CPSR = 33;

/** PSTATE.I: interrupts are masked where it is set. */
const INTERRUPTS_OFF = 1n << 7n;

/** As on x86-64: panic() formats its message before anything else. */
const BELOW_STACK = 2048n;

/**
 * arm64. At a function's entry its return address is in x30, not yet signed or stored. A call that we make up stores
 * the frame record that the function itself would have: the unwinder follows these, and names the caller.
 */
export const ARM64: CpuCode = {
  pc: PC,
  illegalInstruction: Uint8Array.of(0x00, 0x00, 0x00, 0x00), // udf #0
  spin: Uint8Array.of(0x00, 0x00, 0x00, 0x14), // b .

  /** Nothing says of a word behind a `ret` that it is never run. */
  unusedPlace: () => null,

  async leave({ register }, value) {
    return {
      registers: [
        [0, BigInt.asUintN(64, value)],
        [PC, await register(LINK)],
      ],
    };
  },

  async call(at, target, text) {
    const sp = (await at.register(SP)) - 16n;
    const record = Buffer.alloc(16);
    record.writeBigUInt64LE(await at.register(FRAME), 0);
    record.writeBigUInt64LE(await at.register(LINK), 8);
    const registers: [number, bigint][] = [
      [SP, sp],
      [FRAME, sp],
      // The unwinder looks up the instruction before a return address.
      [LINK, at.address + 4n],
      [PC, target],
    ];
    const memory: [bigint, Uint8Array][] = [[sp, record]];
    if (text !== undefined) {
      const string = sp - BELOW_STACK;
      registers.push([0, string], [CPSR, await flags(at, false)]);
      memory.push([string, Buffer.from(`${text}\0`, 'latin1')]);
    }
    return { registers, memory };
  },

  async jump(at, target, { interrupts }) {
    return {
      registers: [
        [PC, target],
        [CPSR, await flags(at, interrupts)],
      ],
    };
  },

  systemCalls: null,
};

/** As they are, or without interrupts. */
async function flags(at: AtEntry, interrupts: boolean): Promise<bigint> {
  const now = await at.register(CPSR);
  return interrupts ? now : now | INTERRUPTS_OFF;
}
