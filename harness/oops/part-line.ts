import { frameOf } from './frames.ts';
import { headlineOf } from './headline.ts';
import {
  BAR,
  CPU,
  END_TRACE,
  HARDWARE,
  LOCATED,
  MODULES,
  PANIC_END,
  REBOOTING,
  REGISTERS,
  TRACE,
} from './lines.ts';

const PARTS = [TRACE, REGISTERS, CPU, HARDWARE, MODULES, LOCATED, /^task:.+ state:/, /^\s*<\/?[A-Z#]+>/];
const ENDS = [END_TRACE, PANIC_END, REBOOTING, BAR];

/** Whether a line looks like one of a report, by itself: what else a machine says meanwhile mostly doesn't. */
export function isPartLine(text: string): boolean {
  return (
    PARTS.some((part) => part.test(text)) ||
    isEndLine(text) ||
    headlineOf(text) !== null ||
    frameOf(text) !== null
  );
}

/** Whether a line is the last, or the last but registers, of a report of some kind. */
export function isEndLine(text: string): boolean {
  return ENDS.some((end) => end.test(text));
}
