import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { CrashlabError } from '../host/error.ts';
import { hostError } from '../host/failure.ts';
import type { RecordEvent, StartEvent } from '../lab/record.ts';
import { parseRecord } from '../report/read.ts';

/** What a run that was stopped has left: its record without what was begun only, and which runs need not be made. */
export interface Unfinished {
  /** Its start first, which says when it was gone on with. */
  events: RecordEvent[];
  done: ReadonlySet<string>;
  /** That it took until it was stopped, as far as it says. */
  seconds: number;
}

/**
 * Reads the record of a run that was stopped, to go on with it as if it had not been: `now` is the start of this one,
 * `planned` the ids of its runs. Errors: RESUME_NOTHING, RESUME_DIFFERS where the two would not be one experiment, and
 * those of {@link parseRecord}.
 */
export async function readUnfinished(
  file: string,
  { now, planned }: { now: StartEvent; planned: ReadonlySet<string> },
): Promise<Unfinished> {
  const parsed = parseRecord(await readText(file));
  if ('failure' in parsed) throw parsed.failure;
  const [start] = parsed.events;
  if (start?.type !== 'start') throw nothing(file);
  const done = new Set(parsed.events.flatMap((event) => (event.type === 'run' ? [event.id] : [])));
  const difference = differenceOf(
    start,
    now,
    [...done].find((id) => !planned.has(id)),
  );
  if (difference !== null) throw differs(difference);
  const ends = parsed.events.filter((event) => event.type === 'end');
  return {
    events: [
      { ...start, resumed: [...(start.resumed ?? []), now.started] },
      ...parsed.events
        .slice(1)
        .filter((event) => event.type !== 'end' && (event.type !== 'begin' || done.has(event.id))),
    ],
    done,
    seconds: ends.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw nothing(file);
    throw hostError(error, `reading ${file}`);
  }
}

/** What would make two experiments of one, in words. */
function differenceOf(then: StartEvent, now: StartEvent, unplanned: string | undefined): string | null {
  if (unplanned !== undefined) return `it has ${unplanned}, which is not planned now`;
  if (then.runs !== now.runs) return `it planned ${then.runs} runs, not ${now.runs}`;
  if (then.crashlab !== now.crashlab) return `it was made by crashlab ${then.crashlab}, not ${now.crashlab}`;
  if (!isDeepStrictEqual(then.host, now.host)) {
    return `it was made with ${inWords(then)}, not with ${inWords(now)}`;
  }
  if (!isDeepStrictEqual(then.guests, now.guests))
    return 'its --wire, --fresh, --append or own kernel was another';
  return null;
}

const inWords = ({ host }: StartEvent) => `${host.qemu}, ${host.accelerator}, ${host.cpus} CPUs`;

function nothing(file: string): CrashlabError {
  return new CrashlabError('usage', 'RESUME_NOTHING', `There is no run record ${file} to go on with.`, {
    advice: 'Give the folder of a run that was stopped, or leave out --resume.',
  });
}

function differs(how: string): CrashlabError {
  return new CrashlabError('usage', 'RESUME_DIFFERS', `That run can’t be gone on with: ${how}.`, {
    advice:
      'Give the options it had; its record has them. A kernel that was replaced since is still there by its full package name.',
  });
}
