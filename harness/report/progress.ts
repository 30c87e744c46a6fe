import type { RecordEvent } from '../lab/record.ts';
import { joinWords } from './cell.ts';
import { sayDuration } from './duration.ts';
import { columns, cut } from './layout.ts';
import { safe } from '../printk/safe.ts';
import { standingOf } from './standing.ts';

/** What has happened so far, as far as a status line tells it. Times are milliseconds of any one clock. */
export interface Progress {
  planned: number;
  done: number;
  unexpected: number;
  /** Runs under way, oldest first. */
  running: readonly { id: string; scenario: string }[];
  /** Kernels whose templates are being booted. */
  booting: readonly string[];
  startedMs: number;
  /** When the first run began: booting templates tells nothing about how long runs take. */
  firstRunMs: number | undefined;
}

export function startProgress(nowMs: number): Progress {
  return {
    planned: 0,
    done: 0,
    unexpected: 0,
    running: [],
    booting: [],
    startedMs: nowMs,
    firstRunMs: undefined,
  };
}

/** The progress after one more event, which happened at `nowMs`. */
export function advance(progress: Progress, event: RecordEvent, nowMs: number): Progress {
  switch (event.type) {
    case 'start':
      return { ...progress, planned: event.runs };
    case 'template': {
      const others = progress.booting.filter((kernel) => kernel !== event.kernel);
      return { ...progress, booting: event.state === 'booting' ? [...others, event.kernel] : others };
    }
    case 'begin': {
      const running = [...progress.running, { id: event.id, scenario: event.scenario }];
      return { ...progress, running, firstRunMs: progress.firstRunMs ?? nowMs };
    }
    case 'run':
      return {
        ...progress,
        done: progress.done + 1,
        unexpected: progress.unexpected + (standingOf(event).startsWith('unexpected') ? 1 : 0),
        running: progress.running.filter(({ id }) => id !== event.id),
      };
    case 'end':
      break;
  }
  return { ...progress, running: [], booting: [] };
}

/**
 * One status line of at most `width` columns: `4/16 · 1 unexpected · 12.0 s, about 40 s left · sysrq-c, oops`.
 * What is under way stands last, since that is what a narrow terminal may cut.
 */
export function progressLine(progress: Progress, nowMs: number, width: number): string {
  const { planned, done, unexpected, running, booting } = progress;
  const left = remainingSeconds(progress, nowMs);
  const elapsed = sayDuration(Math.max(0, nowMs - progress.startedMs) / 1000);
  const counts = joinWords([
    `${done}/${planned}`,
    ...(unexpected > 0 ? [`${unexpected} unexpected`] : []),
    left === undefined ? elapsed : `${elapsed}, ${sayRoughly(left)} left`,
  ]);
  const underWay = [
    ...booting.map((kernel) => `booting ${safe(kernel)}`),
    ...running.map(({ scenario }) => safe(scenario)),
  ];
  if (underWay.length === 0) return cut(counts, width);
  return cut(joinWords([counts, fitNames(underWay, width - columns(counts) - 3)]), width);
}

/** As many names as fit; the others are counted. */
function fitNames(names: string[], room: number): string {
  for (let shown = names.length; shown > 1; shown -= 1) {
    const text = names.slice(0, shown).join(', ') + (shown < names.length ? ` +${names.length - shown}` : '');
    if (columns(text) <= room) return text;
  }
  return names.length > 1 ? `${names[0]} +${names.length - 1}` : (names[0] ?? '');
}

/** From the pace so far, parallel runs and all; nothing before two runs are done. */
function remainingSeconds({ planned, done, firstRunMs }: Progress, nowMs: number): number | undefined {
  if (firstRunMs === undefined || done < 2 || done >= planned) return undefined;
  return ((Math.max(0, nowMs - firstRunMs) / done) * (planned - done)) / 1000;
}

/** Rounded up so that it does not flicker with every run: to 5 s under a minute, to whole minutes above. */
function sayRoughly(seconds: number): string {
  return seconds <= 55
    ? `about ${Math.max(5, Math.ceil(seconds / 5) * 5)} s`
    : `about ${Math.ceil(seconds / 60)} min`;
}
