/** The innermost stack of a call trace, as far as the unwinder vouches for it. */
export interface InnermostStack {
  /** `TASK`, `IRQ`, `NMI`, …; null where the trace doesn't mark its stacks (x86 before 5.16, arm64). */
  section: string | null;
  /** Function names, innermost first, without the compiler's suffixes (`.part.0`). */
  functions: string[];
  /** A mark says where the stack ends, so that it isn't the rest of a longer one. */
  closed: boolean;
}

const TRACE_START = /^\s*Call [Tt]race:/;
const TRACE_END = /^(?:Modules linked in:|---\[ |Kernel panic|Call [Tt]race:|Kernel Offset:|CPU: |={20})/;
const SECTION = /^\s*<(\/?)([A-Z#][A-Z0-9_#]*)>/;
const FRAME = /^\s*(?:\[<[^>]*>\] +)?(\? )?(\S+)\+0x[0-9a-f]+\/0x[0-9a-f]+/;

/** Name of a function as the source has it: the compiler's `.constprop.0` and the like cut off. */
export function sourceName(symbol: string): string {
  const dot = symbol.indexOf('.', 1);
  return dot === -1 ? symbol : symbol.slice(0, dot);
}

/** Index of the line that opens the first call trace in `lines[from…to)`, or -1. */
export function findTrace(lines: readonly string[], from: number, to: number): number {
  for (let index = from; index < to; index += 1) {
    if (TRACE_START.test(lines[index] ?? '')) return index;
  }
  return -1;
}

/**
 * The first stack of the trace at `start` that holds a frame the unwinder vouches for. Frames marked `? ` are
 * what it found lying around, among them the crash's own printing, so they and stacks made of them are skipped.
 */
export function readInnermostStack(lines: readonly string[], start: number, to: number): InnermostStack {
  const stack: InnermostStack = { section: null, functions: [], closed: false };
  let frames = 0;
  for (let index = start + 1; index < to; index += 1) {
    let line = lines[index] ?? '';
    if (TRACE_END.test(line)) break;
    const marker = SECTION.exec(line);
    if (marker !== null) {
      // Before 5.16 `<EOI>` closed what `<IRQ>` had opened.
      const closes = marker[1] === '/' || marker[2] === 'EOI';
      // A stack that is closed without any frame has lost them: what follows is not the innermost.
      if (stack.functions.length > 0 || (closes && frames === 0)) {
        stack.closed = true;
        // A closing mark names the stack even where its opening mark was lost.
        if (closes) stack.section ??= marker[2] === 'EOI' ? 'IRQ' : (marker[2] ?? null);
        break;
      }
      stack.section = closes ? null : (marker[2] ?? null);
      frames = 0;
      line = line.slice(marker[0].length);
    }
    const frame = FRAME.exec(line);
    if (frame?.[2] === undefined) continue;
    frames += 1;
    if (frame[1] === undefined) stack.functions.push(sourceName(frame[2]));
  }
  return stack;
}
