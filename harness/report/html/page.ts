import type { RecordEvent, Run, StartEvent } from '../../lab/record.ts';
import { sayDuration } from '../duration.ts';
import { measurementsOf } from '../measurements.ts';
import { nameAmong, replay, scenariosBy, shortfall, skippedBecause } from '../replay.ts';
import { isSurprising, knownBecause, sayTally, sayUncompared } from '../standing.ts';
import { banner } from './banner.ts';
import { bodiesOf, type Entry, type OwnPage, type Surroundings } from './bodies.ts';
import { bounded } from './bounded.ts';
import { documentOf } from './document.ts';
import { bytesOf, type Html, html, NOTHING } from './markup.ts';
import { matrix } from './matrix.ts';
import { anchorOf, renderBrief, runHeading } from './run.ts';
import { shortened, shortName } from './shorten.ts';
import { surprises } from './surprises.ts';
import { worstFirst } from './worst.ts';

/** Bytes of the page; and what the least of all its runs may come to. */
const MOST_BYTES = 18 << 20;
const MOST_BRIEF = 12 << 20;
/** Of a list of reasons or figures. */
const MOST_LISTED = 300;
/** Characters of a figure there, and of the names that share a reason. */
const MOST_REASON = 1000;

/**
 * The report as one page that needs nothing else: matrix, losses, each run. Runs whose records would make it too large
 * are given to `onPage`, unless all of theirs arrived as expected: then the page says where they lie.
 */
export async function renderPage(
  events: readonly RecordEvent[],
  surroundings: Surroundings,
  onPage: (page: OwnPage) => Promise<void>,
): Promise<string> {
  const whole = replay(events);
  const record = { ...whole, runs: whole.runs.map(bounded) };
  const { start, runs } = record;
  const entries = await entriesOf(runs, surroundings);
  const listed = new Map(entries.map((entry) => [entry.run, entry]));
  const anchor = (run: Run) => listed.get(run)?.anchor ?? 'runs';
  const missing = shortfall(record);
  const odd = surprises(runs, anchor);
  const above = html`<header>
    <h1>What a dying kernel said, and what arrived</h1>
    ${banner(record)}
    <p>${sayTally(runs)}${record.end ? ` · ${sayDuration(record.end.seconds)}` : ''}</p>
    ${missing === undefined ? NOTHING : html`<p class="bad">${shortened(missing, MOST_REASON)}</p>`}
    ${sayUncompared(runs).map((sentence) => html`<p class="soft">${sentence}</p>`)}
  </header>`;
  const tables = html`${odd.before} ${matrix(runs, anchor)} ${odd.after} ${lists(runs)}`;
  const below = about(start);
  const least = [above, tables, below, ...entries.map((entry) => item(entry, entry.brief))];
  const room = least.reduce((sum, part) => sum - bytesOf(part), MOST_BYTES);
  const bodies = await bodiesOf(entries, { room, start, surroundings, onPage });
  const unlisted = runs.length - entries.length;
  return documentOf(
    sayTally(runs),
    html`${above}
      <main>
        ${tables}
        <h2 id="runs">Runs</h2>
        ${runs.flatMap((run) => {
          const entry = listed.get(run);
          return entry ? [item(entry, bodies.get(run) ?? entry.brief)] : [];
        })}
        ${unlisted === 0 ? NOTHING : html`<p>… and ${unlisted} more, none of them worse: run.jsonl has them.</p>`}
      </main>
      ${below}`,
  );
}

/** The runs that have a place in the page, worst first. */
async function entriesOf(runs: readonly Run[], surroundings: Surroundings): Promise<Entry[]> {
  const places = new Map(runs.map((run, at) => [run, anchorOf(at)]));
  const nameOf = nameAmong(runs);
  const entries: Entry[] = [];
  let room = MOST_BRIEF;
  for (const run of worstFirst(runs)) {
    const evidence = await surroundings.evidenceOf(run);
    const brief = renderBrief(run, evidence);
    const entry = {
      run,
      anchor: places.get(run) ?? '',
      name: shortened(nameOf(run), MOST_NAME),
      evidence,
      brief,
    };
    room -= bytesOf(item(entry, brief));
    if (room < 0) break;
    entries.push(entry);
  }
  return entries;
}

const MOST_NAME = 300;

/** What is not as expected is printed open. */
const item = ({ run, anchor, name }: Entry, body: Html) =>
  html`<details class="run${isSurprising(run) ? ' surprising' : ''}" id="${anchor}">
    <summary>${runHeading(run, name)}</summary>
    ${body}
  </details> `;

function lists(runs: readonly Run[]): Html {
  const measured = measurementsOf(runs).map((line) => html`${shortened(line, MOST_REASON)}`);
  return html`${list('Why losses are known', reasons(runs, knownBecause))}${list('Measured', measured)}${list(
    'Skipped',
    reasons(runs, skippedBecause),
  )}`;
}

/** Each reason once, with the scenarios that have it. */
function reasons(runs: readonly Run[], reasonOf: (run: Run) => string | null): Html[] {
  return [...scenariosBy(runs, reasonOf)].map(
    ([reason, names]) =>
      html`${reason}${' '}<span class="soft">(${shortened(namesOf(names), MOST_REASON)})</span>`,
  );
}

const namesOf = (names: Set<string>) => [...names].map((name) => shortName(name)).join(', ');

function list(title: string, items: readonly Html[]): Html {
  if (items.length === 0) return NOTHING;
  const left = items.length - MOST_LISTED;
  return html`<h2>${title}</h2>
    <ul>
      ${items.slice(0, MOST_LISTED).map((one) => html`<li>${one}</li>`)}
      ${left > 0 ? html`<li>… and ${left} more, in run.jsonl</li>` : NOTHING}
    </ul>`;
}

function about(start: StartEvent | undefined): Html {
  if (!start) return NOTHING;
  const { crashlab, started, host, command } = start;
  const [qemu, accelerator] = [host.qemu, host.accelerator].map((name) => shortName(name));
  return html`<footer>
    <h2>How it was made</h2>
    <p>
      ${shortName(started)}, crashlab ${shortName(crashlab)}, ${qemu ?? ''}, ${accelerator ?? ''},
      ${host.cpus} CPUs
    </p>
    <pre>${shortened(command.join(' '))}</pre>
  </footer>`;
}
