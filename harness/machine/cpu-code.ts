/** A vCPU that stands at the first instruction of a function. */
export interface AtEntry {
  address: bigint;
  /** A register's value, by its number in gdb's protocol. */
  register: (number: number) => Promise<bigint>;
  memory: (address: bigint, length: number) => Promise<Uint8Array>;
}

/** What is to be written before the vCPU goes on: registers by their number in gdb's protocol, and memory. */
export interface Change {
  registers: [number: number, value: bigint][];
  memory?: [address: bigint, bytes: Uint8Array][];
  /** The same whenever this function is entered: it need not be asked for again. */
  constant?: true;
}

/** What crashes and failures are made of in one architecture's machine code and registers. */
export interface CpuCode {
  /** Number of the program counter. */
  pc: number;
  /** Raises an exception where it stands, so that program counter and call trace stay true. */
  illegalInstruction: Uint8Array;
  /** Jumps to itself. */
  spin: Uint8Array;
  /** Where `spin` fits into a function's text and nobody ever runs it, from the function's start; or null. */
  unusedPlace(text: Uint8Array): number | null;
  /** The function returns `value` to its caller at once. */
  leave(at: AtEntry, value: bigint): Promise<Change>;
  /** The function calls `target`; with `text` its one argument is a pointer to that. Never returns from there. */
  call(at: AtEntry, target: bigint, text?: string): Promise<Change>;
  /** Goes on at `target` as if it had jumped there. */
  jump(at: AtEntry, target: bigint, options: { interrupts: boolean }): Promise<Change>;
  /** Null where nobody has needed them yet. */
  systemCalls: SystemCalls | null;
}

/** How an architecture's kernel takes system calls. */
export interface SystemCalls {
  /** The function of a call is named so, and then as the call is. */
  prefix: string;
  /**
   * The call becomes another one, whose function is `target`, with these arguments; null is the first argument of the
   * call that was made.
   */
  become(at: AtEntry, target: bigint, values: readonly (bigint | null)[]): Promise<Change>;
}
