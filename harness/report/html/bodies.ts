import type { Run, StartEvent } from '../../lab/record.ts';
import type { TimelineFound } from '../../lab/timeline.ts';
import { standingOf } from '../standing.ts';
import { documentOf } from './document.ts';
import { bytesOf, type Html, html } from './markup.ts';
import { type EvidencePlace, renderRun, type RunContext, runHeading } from './run.ts';

/** Where things lie that are not in the page. */
export interface Surroundings {
  /** The records of a run, where its evidence has them, and what is wrong with them. */
  timelineOf: (run: Run) => Promise<TimelineFound>;
  /** Null where there is none. */
  evidenceOf: (run: Run) => Promise<EvidencePlace | null>;
  /** Address of the page, and of the folder for runs that have a page of their own, as seen from where it lies. */
  name: string;
  pages: string;
}

/** A page and its address. */
export interface OwnPage {
  name: string;
  markup: string;
}

/** A run in the page, and the least that is told of it. */
export interface Entry {
  run: Run;
  anchor: string;
  name: string;
  evidence: EvidencePlace | null;
  brief: Html;
}

/** What all runs' records may take up in one page; further ones have one of their own, or only their evidence. */
const MOST_EMBEDDED = 8 << 20;
/** Runs that may have a page of their own; of further ones the evidence has the records. */
const MOST_PAGES = 500;
/** More records than a person would have opened beside others. */
const MOST_BESIDE = 4 << 20;
/** Missing records that are told where a run's records are not at hand: as many as there is room for. */
const RECORDS_SHOWN = [Infinity, 2000, 20];
const FULL = 'has its records: this page has no room for more';

/** What is told of each run of a page with so much `room`, in bytes. Those come first that a person came for. */
export async function bodiesOf(
  worstFirst: readonly Entry[],
  context: {
    room: number;
    start: StartEvent | undefined;
    surroundings: Surroundings;
    onPage: (page: OwnPage) => Promise<void>;
  },
): Promise<Map<Run, Html>> {
  const { start, surroundings, onPage } = context;
  const bodies = new Map<Run, Html>();
  let { room } = context;
  let embeddable = MOST_EMBEDDED;
  let pages = 0;
  for (const { run, anchor, name, evidence, brief } of worstFirst) {
    const least = bytesOf(brief);
    const fits = (body: Html) => bytesOf(body) - least <= room;
    const take = (body: Html) => {
      room -= bytesOf(body) - least;
      bodies.set(run, body);
    };
    const render = (more: Partial<RunContext>) =>
      renderRun(run, anchor, { start, evidence, timeline: null, ...more });
    const mayHavePage = standingOf(run) !== 'complete' && pages < MOST_PAGES;
    const isRead = run.evidence !== undefined && (embeddable > 0 || mayHavePage);
    const found: TimelineFound = isRead ? await surroundings.timelineOf(run) : { timeline: null };
    if (found.timeline !== null) {
      const whole = render(found);
      const bytes = bytesOf(whole);
      if (bytes <= Math.min(embeddable, MOST_BESIDE) && fits(whole)) {
        take(whole);
        embeddable -= bytes;
        continue;
      }
      if (mayHavePage || bytes > MOST_BESIDE) {
        pages += 1;
        const own = `${anchor}.html`;
        const fromPage = evidence && { ...evidence, address: `../${evidence.address}` };
        const body = html`<p><a href="../${surroundings.name}">The whole report</a></p>
          <h1>${runHeading(run, name)}</h1>
          ${render({ ...found, evidence: fromPage })}`;
        await onPage({ name: own, markup: documentOf(name, body) });
        const here = render({ ...found, page: `${surroundings.pages}/${own}` });
        take(
          fits(here)
            ? here
            : html`${brief}
                <p><a href="${surroundings.pages}/${own}">Its records</a></p>`,
        );
        continue;
      }
      // What comes now is as expected too: it need not be read.
      embeddable = 0;
    }
    const isKept = evidence?.files.includes('timeline.jsonl') === true;
    const problem = isRead && found.timeline === null ? found.problem : isKept ? FULL : undefined;
    take(firstOf(RECORDS_SHOWN, (most) => render({ problem, most }), fits) ?? brief);
  }
  return bodies;
}

/** The first that fits, and no more is made than that takes. */
function firstOf(
  all: readonly number[],
  make: (one: number) => Html,
  fits: (body: Html) => boolean,
): Html | null {
  for (const one of all) {
    const body = make(one);
    if (fits(body) && bytesOf(body) <= MOST_BESIDE) return body;
  }
  return null;
}
