import { CrashlabError } from '../host/error.ts';
import type { AtEntry, CpuCode } from './cpu-code.ts';

/** Register numbers of QEMU's x86-64 stub: QEMU gdb-xml/i386-64bit.xml. */
const RAX = 0;
const RDI = 5;
const RSP = 7;
const RIP = 16;
const EFLAGS = 17;

const INTERRUPTS_ON = 1n << 9n;

const RET = 0xc3;
const INT3 = 0xcc;

/**
 * Where `struct pt_regs`, the one argument of a system call's function, has the caller's RDI, RSI, RDX, R10, R8, R9:
 * Linux arch/x86/include/asm/ptrace.h. The caller gets them back as they are then, and a C library's function for a
 * system call may leave anything in them.
 */
const SAVED_ARGUMENTS = [112n, 104n, 96n, 56n, 72n, 64n] as const;

/** So much of a function is searched for the byte of a `ret`. */
const TEXT = 4096;

/**
 * How far below the stack pointer a string is safe until it was read: panic() formats its message before anything
 * else, some hundred bytes deep, more with KASAN. The kernel has no red zone.
 */
const BELOW_STACK = 2048n;

/**
 * x86-64. A call that we make up pushes `address + 1`: the unwinder looks up the byte before a return address,
 * which is then the function's first instruction, where its stack frame is as we found it.
 */
export const X86_64: CpuCode = {
  pc: RIP,
  illegalInstruction: Uint8Array.of(0x0f, 0x0b), // ud2
  spin: Uint8Array.of(0xeb, 0xfe), // jmp .

  /** Behind a `ret` there are traps, against straight-line speculation or as what is left of a return thunk. */
  unusedPlace(text) {
    const found = Buffer.from(text).indexOf(Buffer.of(RET, INT3, INT3));
    return found < 0 ? null : found + 1;
  },

  /** At any `ret`, RSP being as the caller left it. */
  async leave({ address, memory }, value) {
    const text = Buffer.from(await memory(address, TEXT));
    // One with traps behind it is surely an instruction of its own; any other byte of that value returns as well.
    const sure = text.indexOf(Buffer.of(RET, INT3));
    const place = sure < 0 ? text.indexOf(RET) : sure;
    if (place < 0) {
      throw new CrashlabError(
        'lab',
        'NO_RETURN',
        `There is no ret within ${TEXT} bytes of 0x${hex(address)}.`,
      );
    }
    return {
      registers: [
        [RAX, BigInt.asUintN(64, value)],
        [RIP, address + BigInt(place)],
      ],
      constant: true,
    };
  },

  async call(at, target, text) {
    const sp = (await at.register(RSP)) - 8n;
    const string = sp - BELOW_STACK;
    const registers: [number, bigint][] = [
      [RSP, sp],
      [RIP, target],
    ];
    const memory: [bigint, Uint8Array][] = [[sp, word(at.address + 1n)]];
    if (text !== undefined) {
      // No interrupt may use the stack before the text was read; RAX counts vector registers in a `...`.
      registers.push([RDI, string], [RAX, 0n], [EFLAGS, await flags(at, false)]);
      memory.push([string, Buffer.from(`${text}\0`, 'latin1')]);
    }
    return { registers, memory };
  },

  async jump(at, target, { interrupts }) {
    return {
      registers: [
        [RIP, target],
        [EFLAGS, await flags(at, interrupts)],
      ],
    };
  },

  systemCalls: {
    prefix: '__x64_sys_',
    async become({ register, memory }, target, values) {
      const saved = await register(RDI);
      const first = Buffer.from(await memory(saved + SAVED_ARGUMENTS[0], 8)).readBigUInt64LE();
      const offsets = SAVED_ARGUMENTS.slice(0, values.length);
      return {
        registers: [[RIP, target]],
        memory: offsets.map((offset, at) => [saved + offset, word(values[at] ?? first)]),
      };
    },
  },
};

/** As they are, or without interrupts. */
async function flags(at: AtEntry, interrupts: boolean): Promise<bigint> {
  const now = await at.register(EFLAGS);
  return interrupts ? now : now & ~INTERRUPTS_ON;
}

function word(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
}

const hex = (value: bigint) => value.toString(16);
