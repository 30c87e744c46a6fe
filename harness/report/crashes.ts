import type { Crash, CrashLog } from '../oops/crash.ts';
import { wrap } from './layout.ts';
import { type Paint, painter } from './paint.ts';
import { safe } from '../printk/safe.ts';

/** What one log tells of crashes, for a person; `sender`: whose, of those in a capture. */
export function renderCrashes(
  { file, sender, log, problems }: { file: string; sender: string | null; log: CrashLog; problems: string[] },
  { colour, width }: { colour: boolean; width: number },
): string {
  const { crashes, whole, why } = log;
  const paint = painter(colour);
  const source = file === '-' ? 'standard input' : file;
  const name = sender === null ? source : `${source}, ${sender}`;
  const unread = problems
    .flatMap((problem) => wrap(safe(`${source}: ${problem}`), width))
    .map((line) => `${paint('unexpected loss', line)}\n`)
    .join('');
  if (crashes.length === 0) return `${safe(name)}: no crash\n${unread}`;
  const lines = [
    ...crashes.flatMap((crash) => [...describe(crash, paint, width), '']),
    ...wrap(safe(`${name}: ${summary(crashes.length, whole)}`), width).map((line) =>
      paint(styleOf(whole), line),
    ),
    ...why.slice(0, MOST_REASONS).flatMap((reason) => wrap(safe(reason), width, '  ')),
    ...(why.length > MOST_REASONS ? [`  … and ${why.length - MOST_REASONS} more`] : []),
  ];
  return `${lines.join('\n')}\n${unread}`;
}

const MOST_REASONS = 12;
const MOST_FRAMES = 6;

export function styleOf(whole: boolean | null) {
  if (whole === null) return 'no verdict';
  return whole ? 'complete' : 'unexpected loss';
}

function summary(count: number, whole: boolean | null): string {
  const crashes = count === 1 ? '1 crash' : `${count} crashes`;
  if (whole === null)
    return `${crashes}; nothing is known to be missing, but that all is there is not proved.`;
  return whole ? `${crashes}, complete by its own structure.` : `${crashes}, damaged.`;
}

function describe(crash: Crash, paint: Paint, width: number): string[] {
  const { kind, headline, process, release, taint, panic, modules, frames, signature, lines } = crash;
  const where = crash.function === null ? '' : ` in ${crash.function}`;
  const field = (name: string, value: string | null) =>
    value === null || value === '' ? [] : wrap(safe(value), width, `  ${name.padEnd(10)}`);
  const shown = frames.slice(0, MOST_FRAMES).join(' < ');
  return [
    ...wrap(safe(headline), width).map((line) => paint('heading', line)),
    ...field('kind', `${kind}${where}`),
    ...field('lines', `${lines.first} to ${lines.last}`),
    ...field('process', process),
    ...field('kernel', release === null ? null : `${release}, ${taint ?? 'taint not said'}`),
    ...field('modules', modules.join(' ')),
    ...field('trace', frames.length > MOST_FRAMES ? `${shown} < …` : shown),
    ...field('panic', panic),
    ...field('signature', signature),
  ];
}
