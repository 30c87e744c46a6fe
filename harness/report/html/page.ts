import type { RecordEvent, Run, StartEvent } from '../../lab/record.ts';
import type { Timeline } from '../../lab/timeline.ts';
import { sayDuration } from '../duration.ts';
import { measurementsOf } from '../measurements.ts';
import { nameAmong, replay, scenariosBy, shortfall, skippedBecause } from '../replay.ts';
import { knownBecause, sayTally, sayUncompared, standingOf } from '../standing.ts';
import { banner } from './banner.ts';
import { documentOf } from './document.ts';
import { type Html, html, NOTHING } from './markup.ts';
import { matrix } from './matrix.ts';
import { anchorOf, type EvidencePlace, renderRun, runHeading } from './run.ts';
import { surprises } from './surprises.ts';
import { worstFirst } from './worst.ts';

/** Where things lie that are not in the page. */
export interface Surroundings {
  /** The records of a run, where its evidence has them. */
  timelineOf: (run: Run) => Promise<Timeline | null>;
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

/** What all runs' records may take up in one page; further ones have one of their own, or only their evidence. */
const MOST_EMBEDDED = 8 << 20;
/** Runs that may have a page of their own; of further ones the evidence has the records. */
const MOST_PAGES = 500;
/** More records than a person would have opened beside others. */
const MOST_BESIDE = 4 << 20;

/**
 * The report as one page that needs nothing else: matrix, losses, each run. Runs whose records would make it too large
 * are given to `onPage`, unless all of theirs arrived as expected: then the page says where they lie.
 */
export async function renderPage(
  events: readonly RecordEvent[],
  surroundings: Surroundings,
  onPage: (page: OwnPage) => Promise<void>,
): Promise<string> {
  const record = replay(events);
  const { start, runs } = record;
  const places = new Map(runs.map((run, at) => [run, anchorOf(at)]));
  const anchor = (run: Run) => places.get(run) ?? '';
  const nameOf = nameAmong(runs);
  const bodies = await bodiesOf(runs, { start, surroundings, onPage, anchor, nameOf });
  const missing = shortfall(record);
  const odd = surprises(runs, anchor);
  return documentOf(
    sayTally(runs),
    html`<header>
        <h1>What a dying kernel said, and what arrived</h1>
        ${banner(record)}
        <p>${sayTally(runs)}${record.end ? ` · ${sayDuration(record.end.seconds)}` : ''}</p>
        ${missing === undefined ? NOTHING : html`<p class="bad">${missing}</p>`}
        ${sayUncompared(runs).map((sentence) => html`<p class="soft">${sentence}</p>`)}
      </header>
      <main>
        ${odd.before} ${matrix(runs, anchor)} ${odd.after} ${lists(runs)}
        <h2 id="runs">Runs</h2>
        ${runs.map(
          (run) =>
            html`<details class="run" id="${anchor(run)}">
              <summary>${runHeading(run, nameOf(run))}</summary>
              ${bodies.get(run) ?? NOTHING}
            </details> `,
        )}
      </main>
      ${about(start)}`,
  );
}

/** What is told of each run. Those come first that a person came for: the page has an end. */
async function bodiesOf(
  runs: readonly Run[],
  context: {
    start: StartEvent | undefined;
    surroundings: Surroundings;
    onPage: (page: OwnPage) => Promise<void>;
    anchor: (run: Run) => string;
    nameOf: (run: Run) => string;
  },
): Promise<Map<Run, Html>> {
  const { start, surroundings, onPage, anchor, nameOf } = context;
  const bodies = new Map<Run, Html>();
  let room = MOST_EMBEDDED;
  let pages = 0;
  for (const run of worstFirst(runs)) {
    const mayHavePage = standingOf(run) !== 'complete' && pages < MOST_PAGES;
    const evidence = await surroundings.evidenceOf(run);
    const timeline = evidence && (room > 0 || mayHavePage) ? await surroundings.timelineOf(run) : null;
    const whole = renderRun(run, anchor(run), { start, evidence, timeline });
    const bytes = Buffer.byteLength(whole.markup);
    if (timeline === null || (bytes <= room && bytes <= MOST_BESIDE)) {
      bodies.set(run, whole);
      room -= timeline === null ? 0 : bytes;
    } else if (mayHavePage || bytes > MOST_BESIDE) {
      pages += 1;
      const name = `${anchor(run)}.html`;
      const fromPage = evidence && { ...evidence, address: `../${evidence.address}` };
      const body = html`<p><a href="../${surroundings.name}">The whole report</a></p>
        <h1>${runHeading(run, nameOf(run))}</h1>
        ${renderRun(run, anchor(run), { start, evidence: fromPage, timeline })}`;
      await onPage({ name, markup: documentOf(nameOf(run), body) });
      const page = `${surroundings.pages}/${name}`;
      bodies.set(run, renderRun(run, anchor(run), { start, evidence, timeline, page }));
    } else {
      // What comes now is as expected too: it need not be read.
      room = 0;
      bodies.set(run, renderRun(run, anchor(run), { start, evidence, timeline: null }));
    }
  }
  return bodies;
}

function lists(runs: readonly Run[]): Html {
  const measured = measurementsOf(runs).map((line) => html`${line}`);
  return html`${list('Why losses are known', reasons(runs, knownBecause))}${list('Measured', measured)}${list(
    'Skipped',
    reasons(runs, skippedBecause),
  )}`;
}

/** Each reason once, with the scenarios that have it. */
function reasons(runs: readonly Run[], reasonOf: (run: Run) => string | null): Html[] {
  return [...scenariosBy(runs, reasonOf)].map(
    ([reason, names]) => html`${reason} <span class="soft">(${[...names].join(', ')})</span>`,
  );
}

const list = (title: string, items: readonly Html[]): Html =>
  items.length === 0
    ? NOTHING
    : html`<h2>${title}</h2>
        <ul>
          ${items.map((item) => html`<li>${item}</li>`)}
        </ul>`;

function about(start: StartEvent | undefined): Html {
  if (!start) return NOTHING;
  const { crashlab, started, host, command } = start;
  return html`<footer>
    <h2>How it was made</h2>
    <p>${started}, crashlab ${crashlab}, ${host.qemu}, ${host.accelerator}, ${host.cpus} CPUs</p>
    <pre>${command.join(' ')}</pre>
  </footer>`;
}
