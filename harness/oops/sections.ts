import { frameOf } from './frames.ts';
import { headlineOf } from './headline.ts';
import {
  CPU,
  END_TRACE,
  HARDWARE,
  LOCATED,
  MODULES,
  OPENING,
  PANIC_END,
  REBOOTING,
  REGISTERS,
  TRACE,
} from './lines.ts';

/** What a line is to the crash report it stands in. */
export type Section = 'opening' | 'headline' | 'process' | 'registers' | 'trace' | 'modules' | 'end';

/** A mark between the stacks of a trace: ` <TASK>`, ` </IRQ>`. */
const STACK = /^\s*<\/?[A-Z#][\w#]*>\s*$/;
/** Of arm64, arm and riscv. */
const MORE_REGISTERS = /^(?:pstate: |pc ?: |lr ?: |sp ?: |x\d+ ?: |epc ?: |ra ?: |status: )/;
const MORE_PROCESS = /^(?:Tainted: |Workqueue: |task: )/;

/** What this line of message text is to a report, by its own words; null for one that says nothing of it. */
export function sectionOf(text: string): Section | null {
  if (OPENING.test(text.trim())) return 'opening';
  if (END_TRACE.test(text) || PANIC_END.test(text) || REBOOTING.test(text) || LOCATED.test(text))
    return 'end';
  if (headlineOf(text) !== null) return 'headline';
  if (CPU.test(text) || HARDWARE.test(text) || MORE_PROCESS.test(text)) return 'process';
  if (MODULES.test(text)) return 'modules';
  if (REGISTERS.test(text) || MORE_REGISTERS.test(text)) return 'registers';
  return TRACE.test(text) || STACK.test(text) || frameOf(text) !== null ? 'trace' : null;
}
