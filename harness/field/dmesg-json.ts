import { linesOfMessage } from '../oops/log-line.ts';
import { shownText } from '../printk/byte-string.ts';
import type { Form } from './form.ts';

/** `dmesg --json` (util-linux): an object a record, a field a line. */
export function isDmesgJson([first = '', second = '']: readonly string[]): boolean {
  return /^\s*\{\s*$/.test(first) && /^\s*"dmesg":\s*\[/.test(second);
}

const MESSAGE = /^\s*"msg": ("(?:[^"\\]|\\.)*"),?\s*$/;
const CALLER = /^\s*"caller": "([TC]\d+)",?\s*$/;

export function dmesgJson(): Form {
  let caller: string | null = null;
  return {
    take: (line) => {
      if (/^\s*\}?,?\{\s*$/.test(line)) caller = null;
      caller = CALLER.exec(line)?.[1] ?? caller;
      const [, quoted] = MESSAGE.exec(line) ?? [];
      return quoted === undefined ? [] : linesOfMessage(unquoted(quoted), caller);
    },
    finish: () => [],
  };
}

function unquoted(quoted: string): string {
  try {
    const text: unknown = JSON.parse(shownText(quoted));
    return String(text);
  } catch {
    return quoted.slice(1, -1);
  }
}
