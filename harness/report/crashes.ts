import { lostIn, type Transport } from '../field/transport.ts';
import type { Crash, CrashLog } from '../oops/crash.ts';
import { wrap } from './layout.ts';
import { type Paint, painter } from './paint.ts';
import { safe } from '../printk/safe.ts';
import { transportLines, unheard } from './transport.ts';

/** A log, or one of those in a capture. */
interface Source {
  file: string;
  /** Whose it is, of several. */
  sender: string | null;
}

export function sourceName({ file, sender }: Source): string {
  const source = file === '-' ? 'standard input' : file;
  return sender === null ? source : `${source}, ${sender}`;
}

/** What one log tells of crashes, for a person; `agreeing`: other logs that have nothing more of the same. */
export function renderCrashes(
  {
    file,
    sender,
    problems,
    transport,
    lacks,
    ...log
  }: Source &
    Omit<CrashLog, 'crashes'> & {
      crashes: PlacedCrash[];
      problems: string[];
      transport: Transport | null;
      lacks: Lacked[];
    },
  agreeing: readonly string[],
  { colour, width }: { colour: boolean; width: number },
): string {
  const { crashes, unlisted, whole, why } = log;
  const paint = painter(colour);
  const name = sourceName({ file, sender });
  const unread = problems
    .flatMap((problem) => wrap(safe(`${sourceName({ file, sender: null })}: ${problem}`), width))
    .map((line) => `${paint('unexpected loss', line)}\n`)
    .join('');
  const lackedLines = lacks
    .slice(0, MOST_REASONS)
    .map(({ name: other, headline }) => safe(lackedSentence(other, headline)))
    .map((text) => ({ style: 'unexpected loss' as const, text }));
  const lost = [...lackedLines, ...transportLines(transport)]
    .flatMap(({ style, text }) => wrap(text, width, '  ').map((line) => paint(style, line)))
    .map((line) => `${line}\n`)
    .join('');
  if (crashes.length === 0) {
    const none = wrap(safe(`${name}: no crash${unheard(transport, lacks.length)}`), width);
    const style = lostIn(transport) + lacks.length > 0 ? ('unexpected loss' as const) : null;
    return `${none.map((line) => `${style ? paint(style, line) : line}\n`).join('')}${lost}${unread}`;
  }
  const lines = [
    ...crashes.flatMap((crash) => [...describe(crash, paint, width), '']),
    ...(unlisted > 0 ? [`… and ${unlisted} more crashes`, ''] : []),
    ...wrap(safe(`${name}: ${summary(crashes.length + unlisted, whole)}`), width).map((line) =>
      paint(styleOf(whole), line),
    ),
    ...why.slice(0, MOST_REASONS).flatMap((reason) => wrap(safe(reason), width, '  ')),
    ...(why.length > MOST_REASONS ? [`  … and ${why.length - MOST_REASONS} more`] : []),
    ...agreeing.flatMap((other) => wrap(safe(`${other} has nothing more of it.`), width, '  ')),
  ];
  return `${lines.join('\n')}\n${lost}${unread}`;
}

/** A crash that another log of the same boot has; `log`: which of those that were given. */
export interface Lacked {
  log: number;
  name: string;
  headline: string;
}

const MOST_QUOTED = 3;

/** What another log has of a crash, and this one lacks. */
export function lackingSentence(lines: readonly string[], headline: string, other: string): string {
  const count = lines.length === 1 ? 'a line' : `${lines.length} lines`;
  const more = lines.length > MOST_QUOTED ? ', …' : '';
  const quoted = lines.slice(0, MOST_QUOTED).map((line) => `“${line.trim()}”`);
  return `${other} has ${count} of “${headline}” that this log lacks: ${quoted.join(', ')}${more}`;
}

const MOST_REASONS = 12;
/** Characters of what a log says in one place. */
const MOST_SHOWN = 1000;
const MOST_FRAMES = 6;

export function styleOf(whole: boolean | null) {
  if (whole === null) return 'no verdict';
  return whole ? 'complete' : 'unexpected loss';
}

const lackedSentence = (other: string, headline: string) =>
  `It lacks a crash that ${other} has, a log of the same boot: “${shortened(headline.trim())}”.`;

function summary(count: number, whole: boolean | null): string {
  const crashes = count === 1 ? '1 crash' : `${count} crashes`;
  if (whole === null)
    return `${crashes}; nothing is known to be missing, but that all is there is not proved.`;
  return whole ? `${crashes}, complete by its own structure.` : `${crashes}, damaged.`;
}

/** A crash, with what is known of where its calls stand in the source. */
type PlacedCrash = Crash & { places?: { call: string; at: string[] }[] };

const shortened = (text: string) => (text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);

function describe(crash: PlacedCrash, paint: Paint, width: number): string[] {
  const {
    title,
    kind,
    headline,
    process,
    release,
    taint,
    panic,
    modules,
    frames,
    signature,
    lines,
    places = [],
  } = crash;
  const field = (name: string, value: string | null) =>
    value === null || value === '' ? [] : wrap(safe(shortened(value)), width, `  ${name.padEnd(10)}`);
  const shown = frames.slice(0, MOST_FRAMES).join(' < ');
  return [
    ...wrap(safe(shortened(headline)), width).map((line) => paint('heading', line)),
    ...field('title', title),
    ...field('kind', kind),
    ...field('lines', `${lines.first} to ${lines.last}`),
    ...field('process', process),
    ...field('kernel', release === null ? null : `${release}, ${taint ?? 'taint not said'}`),
    ...field('modules', modules.join(' ')),
    ...field('trace', frames.length > MOST_FRAMES ? `${shown} < …` : shown),
    ...places.flatMap(({ call, at }) => field('', `${call}  ${at.join(' < ')}`)),
    ...field('panic', panic),
    ...field('signature', signature),
  ];
}
