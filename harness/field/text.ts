import { type LogLine, readLogLines } from '../oops/log-line.ts';
import { shownText } from '../printk/byte-string.ts';
import type { Form } from './form.ts';
import { readMark } from './marks.ts';
import { TransportTally } from './transport.ts';

/** What a mark begins with, as a byte string. */
const MARK = '\u00E2\u0094\u0080';

/** Lines with any prefixes; those that `crashlab listen` put between say what is lost. */
export function text(): Form {
  const tally = new TransportTally();
  let marked = false;
  let lost = 0;
  /** Bytes of a torn record that are still to come, in lines of their own without a timestamp. */
  let torn = 0;
  return {
    take: (line) => {
      if (line.startsWith(MARK)) {
        const mark = readMark(shownText(line));
        if (mark) {
          marked = true;
          torn = mark.shown;
          if (mark.loss) tally.add(mark.loss);
          if (mark.loss?.kind === 'missing' || mark.loss?.kind === 'torn') lost += mark.loss.count;
          return [];
        }
      }
      const lines = readLogLines(shownText(line));
      return lost === 0 && torn === 0 ? lines : afterMark(lines, line.length);
    },
    finish: () => [],
    get transport() {
      return marked ? tally.transport : null;
    },
  };

  function afterMark(lines: LogLine[], length: number): LogLine[] {
    const [first, ...rest] = lines;
    if (torn > 0 && first && !first.stamped) {
      torn -= length + 1;
      return [];
    }
    torn = 0;
    const before = lost;
    lost = 0;
    return first && before > 0 ? [{ ...first, lostBefore: before }, ...rest] : lines;
  }
}
