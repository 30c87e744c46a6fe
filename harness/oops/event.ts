import { type Headline, headlineOf } from './headline.ts';

/** One report, from its first line; the lines that carry it on (`… [#1] …`) are no events of their own. */
export interface OopsEvent {
  kind: Headline['kind'];
  /** Index of its headline. */
  line: number;
  /** Index of the bar right above the headline, else of the headline: the report before it is over there. */
  start: number;
}

/** The lines of one report: `lines[from]` is its headline, at `to` it is over at the latest. */
export interface ReportText {
  kind: OopsEvent['kind'];
  lines: readonly string[];
  from: number;
  to: number;
}

interface FoundEvents {
  /** In the order they begin. A panic is one only where nothing came before it. */
  events: OopsEvent[];
  /** Index of every panic's first line. */
  panics: number[];
  /** Where reading stops: the next boot after the first event, or the end of the text. */
  end: number;
}

/** Finds where reports begin, up to the first boot after the first of them. */
export function findEvents(lines: readonly string[]): FoundEvents {
  const events: OopsEvent[] = [];
  const panics: number[] = [];
  let awaitsDie = false;
  for (const [line, text] of lines.entries()) {
    if (events.length > 0 && /^Linux version \d/.test(text)) return { events, panics, end: line };
    const headline = headlineOf(text);
    if (headline === null) continue;
    const { kind, part } = headline;
    // The lab's guests lose no beginning, and no firmware speaks in their log.
    if (part === 'detail' || part === 'hint') continue;
    const last = events.at(-1);
    if (part === 'panic') panics.push(line);
    const carriesOn =
      (part === 'die' && awaitsDie) ||
      (part === 'kill' && last?.kind === 'oom') ||
      (part === 'panic' && last !== undefined);
    if (!carriesOn) {
      const start = /^={20,}$/.test(lines[line - 1] ?? '') ? line - 1 : line;
      events.push({ kind, line, start });
    }
    if (part === 'cause' || part === 'die') awaitsDie = part === 'cause';
  }
  return { events, panics, end: lines.length };
}
