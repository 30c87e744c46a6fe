import type { RecordEvent } from '../lab/record.ts';
import { plainLine } from '../report/plain.ts';
import { advance, progressLine, startProgress } from '../report/progress.ts';

const FRAME_MS = 100;
const CLEAR_LINE = '\r\u001B[K';
const WIDTH_OF_A_PIPE = 80;
const WIDEST = 160;

/** Where a command talks. */
export interface Screen {
  colour: boolean;
  /** Columns. */
  width: number;
  /** A result, to standard output. */
  stdout: (text: string) => void;
  /** A line about what happens now. */
  note: (text: string) => void;
  onEvent: (event: RecordEvent) => void;
  /** Ends the progress line. */
  finish: () => void;
}

/**
 * The real one. On a terminal a status line on standard error; in a pipe plain lines on standard output. With
 * `document`, standard output holds one document and nothing else.
 */
export function openScreen({ document }: { document: boolean }): Screen {
  const { stdout, stderr } = process;
  const live = stderr.isTTY && (stdout.isTTY || document);
  let progress = startProgress(performance.now());
  let timer: NodeJS.Timeout | undefined;
  const draw = () => {
    const width = (stderr.columns ?? WIDTH_OF_A_PIPE) - 1;
    stderr.write(CLEAR_LINE + progressLine(progress, performance.now(), width));
  };
  const note = (text: string) => {
    if (live) stderr.write(`${CLEAR_LINE}${text}\n`);
    else if (!document) stdout.write(`${text}\n`);
  };
  return {
    colour: stdout.isTTY && !process.env['NO_COLOR'],
    width: Math.min(stdout.columns ?? WIDTH_OF_A_PIPE, WIDEST),
    stdout: (text) => void stdout.write(text),
    note,
    onEvent: (event) => {
      progress = advance(progress, event, performance.now());
      const text = plainLine(event);
      if (text !== undefined && (!live || (event.type === 'run' && !event.expected))) note(text);
      if (!live) return;
      timer ??= setInterval(draw, FRAME_MS).unref();
      draw();
    },
    finish: () => {
      clearInterval(timer);
      if (live) stderr.write(CLEAR_LINE);
    },
  };
}
