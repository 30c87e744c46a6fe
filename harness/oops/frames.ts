/** A function in a call trace. */
export interface Frame {
  name: string;
  /** The unwinder vouches for it: no `?`, not `(unreliable)`. */
  reliable: boolean;
  /** Of arm's, which name both ends of a call. */
  caller?: string;
}

const SYMBOL = String.raw`[A-Za-z_.<$][\w.$<>:~@]*(?:::[\w<>:. ]+)*`;
/** x86, arm64, riscv, s390: ` [<address>] ? name+0x12/0x34 [module]`, the address only in older ones. */
const FRAME = new RegExp(
  String.raw`^[\s(>]*(?:\[<[^>]*>\]\)?\s*)?(\? )?(${SYMBOL})\+0x[0-9a-f]+\/0x[0-9a-f]+`,
);
/** powerpc: `[stack] [address] .name+0x12/0x34 (unreliable)`. */
const POWERPC = new RegExp(
  String.raw`^\s*\[[0-9a-f]{8,16}\] \[[0-9a-f]{8,16}\] (${SYMBOL})\+0x[0-9a-f]+\/0x[0-9a-f]+( \(unreliable\))?`,
);
/** arm: `[<address>] (name) from [<address>] (caller+0x12/0x34)` or ` name from caller+0x12/0x34`. */
const ARM = new RegExp(
  String.raw`^\s*(?:\[<[0-9a-f]+>\] )?\(?(${SYMBOL})(?:\+0x[0-9a-f]+\/0x[0-9a-f]+)?\)? from (?:\[<[0-9a-f]+>\] )?\(?(${SYMBOL})`,
);
/** Of a symbolised trace: ` name file.c:12 [inline]`. */
const INLINED = new RegExp(String.raw`^\s*(?:\[< *inline *>\] )?(${SYMBOL}) \S+:\d+(?: \[inline\])?\s*$`);

/** Before a frame of an older kernel, in the same line. */
const MARK = /^\s*<\/?[A-Z#][\w#]*>(?=.)/;

/** The frame that this line of message text shows, or null. */
export function frameOf(marked: string): Frame | null {
  const line = marked.replace(MARK, '');
  const arm = ARM.exec(line);
  if (arm?.[1] !== undefined) {
    return { name: functionName(arm[1]), reliable: true, ...(arm[2] && { caller: functionName(arm[2]) }) };
  }
  const power = POWERPC.exec(line);
  if (power?.[1] !== undefined) return { name: functionName(power[1]), reliable: power[2] === undefined };
  const plain = FRAME.exec(line);
  if (plain?.[2] !== undefined) return { name: functionName(plain[2]), reliable: plain[1] === undefined };
  const inlined = /\[inline\]|\[< *inline/.test(line) ? INLINED.exec(line) : null;
  return inlined?.[1] === undefined ? null : { name: functionName(inlined[1]), reliable: true };
}

/** A name as the source has it: without the compiler's suffixes (`.isra.7`) and powerpc's dot. */
export function functionName(symbol: string): string {
  const mangled = /^_ZN?(\d+)(\w+)/.exec(symbol);
  if (mangled?.[2] !== undefined) return mangled[2].slice(0, Number(mangled[1]));
  const bare = symbol.startsWith('.') ? symbol.slice(1) : symbol;
  if (bare.startsWith('<') || bare.includes('::')) return bare;
  const dot = bare.indexOf('.', 1);
  return dot === -1 ? bare : bare.slice(0, dot);
}
