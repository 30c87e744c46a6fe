import type { RecordEvent } from '../lab/record.ts';
import { detailsOf } from '../report/details.ts';
import { plainLine } from '../report/plain.ts';
import { advance, progressLine, startProgress } from '../report/progress.ts';

const FRAME_MS = 100;
const CLEAR_LINE = '\r\u001B[K';
const WIDTH_OF_A_PIPE = 80;
const WIDEST = 160;
/** Of a run that is not as expected, while others go on. */
const RECORDS_SHOWN = 10;

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

/** How much a command says while it works: nothing; what is going on; each run as it ends. */
export type Talk = 'little' | 'usual' | 'much';

/**
 * The real one. On a terminal a status line on standard error; in a pipe plain lines on standard output. With
 * `document`, standard output holds one document and nothing else. The first run that is not as expected is told with
 * what is known of it, at once: nobody should have to wait for the others.
 */
export function openScreen({ document, talk = 'usual' }: { document: boolean; talk?: Talk }): Screen {
  const { stdout, stderr } = process;
  const quiet = talk === 'little';
  const live = stderr.isTTY && (stdout.isTTY || document) && !quiet;
  let progress = startProgress(performance.now());
  let timer: NodeJS.Timeout | undefined;
  let surprised = false;
  const draw = () => {
    const width = (stderr.columns ?? WIDTH_OF_A_PIPE) - 1;
    stderr.write(CLEAR_LINE + progressLine(progress, performance.now(), width));
  };
  const note = (text: string) => {
    if (live) stderr.write(`${CLEAR_LINE}${text}\n`);
    else if (!document) stdout.write(`${text}\n`);
    else if (talk === 'much') stderr.write(`${text}\n`);
  };
  const tell = (event: RecordEvent) => {
    const text = plainLine(event);
    const odd = event.type === 'run' && !event.expected;
    if (text === undefined || !(odd || talk === 'much' || !live)) return;
    note(text);
    if (event.type !== 'run' || event.outcome === 'skipped') return;
    const incomplete = event.outcome !== 'verdict' || event.wire.status !== 'complete';
    const wanted = (odd && !surprised) || (talk === 'much' && incomplete);
    surprised ||= odd;
    if (!wanted) return;
    for (const detail of detailsOf(event, RECORDS_SHOWN))
      note(`${'  '.repeat(detail.depth + 1)}${detail.text}`);
  };
  return {
    colour: stdout.isTTY && !process.env['NO_COLOR'],
    width: Math.min(stdout.columns ?? WIDTH_OF_A_PIPE, WIDEST),
    stdout: (text) => void stdout.write(text),
    note,
    onEvent: (event) => {
      progress = advance(progress, event, performance.now());
      if (!quiet) tell(event);
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
