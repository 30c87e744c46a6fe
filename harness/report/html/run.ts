import type { Run, StartEvent } from '../../lab/record.ts';
import type { Timeline } from '../../lab/timeline.ts';
import { again } from '../again.ts';
import { sayCell } from '../cell.ts';
import { detailsOf } from '../details.ts';
import { sayMeasurement } from '../measurements.ts';
import { sayOutcome, sayWitness, type Standing, standingOf, STANDINGS } from '../standing.ts';
import { drawTimeline } from './drawing.ts';
import { type Html, html, NOTHING } from './markup.ts';
import { renderRecords } from './records.ts';
import { shortened, shortName } from './shorten.ts';

/** The folder of a run's evidence, as the page sees it, and what lies in it. */
export interface EvidencePlace {
  address: string;
  files: readonly string[];
}

/** What a run's part of the page needs beside its outcome. */
export interface RunContext {
  start: StartEvent | undefined;
  evidence: EvidencePlace | null;
  timeline: Timeline | null;
  /** Why there is none, or not all of it: words that follow its name. */
  problem?: string | undefined;
  /** Missing records that are told where there is no timeline. */
  most?: number;
  /** Address of a page of its own, where its records are too many for this one. */
  page?: string;
}

const CLASS: Record<Standing, string> = {
  complete: 'good',
  'known loss': 'known',
  skipped: 'soft',
  'no verdict': 'odd',
  'unexpected pass': 'odd',
  'unexpectedly little': 'odd',
  'unexpected difference': 'bad',
  'unexpected loss': 'bad',
};

export const classOf = (standing: Standing) => CLASS[standing];

/** Where a run stands in the page. */
export const anchorOf = (number: number) => `run-${number}`;

/** Mark, word and name of a run, in one line. */
export function runHeading(run: Run, name: string): Html {
  const standing = standingOf(run);
  const words = `${STANDINGS[standing].mark} ${sayOutcome(run)}`;
  return html`<span class="${classOf(standing)}">${words}</span>${' '}${name}`;
}

const FILES = [
  ['wire.pcapng', 'the wire'],
  ['serial.log', 'the serial console'],
  ['ring.txt', 'the ring buffer'],
  ['ring.jsonl', 'the ring buffer, as JSON'],
  ['timeline.jsonl', 'each record’s times, as JSON'],
  ['qemu-command.txt', 'QEMU’s command'],
  ['qmp-events.jsonl', 'what QEMU told'],
  ['wire-faults.jsonl', 'what was done to the wire'],
] as const;

const MOST_MEASUREMENTS = 100;
const MOST_MOMENTS = 100;
/** Of what is not bounded yet, a measurement: a cut text is not cut again, or it would say wrongly how much is left. */
const MOST_LINE = 20_000;
/** Columns of the least that is told of a run. */
const MOST_BRIEF = 300;

/** All that is known of a run. */
export function renderRun(run: Run, anchor: string, context: RunContext): Html {
  const { timeline, evidence, page, start } = context;
  const isKnown = standingOf(run) === 'known loss';
  const isHere = timeline !== null && page === undefined;
  const sentences = sentencesOf(run, context);
  return html`${facts(run)} ${whatIsWrong(run, context)}
    ${sentences.length === 0 ? NOTHING : html`<pre>${sentences.map((line) => html`${line}${'\n'}`)}</pre>`}
    ${isHere ? html`${drawTimeline(timeline, isKnown ? 'known' : 'bad')}${moments(timeline)}` : NOTHING}
    ${page === undefined ? NOTHING : html`<p><a href="${page}">Its records, one by one</a></p>`}
    ${isHere ? renderRecords(timeline, anchor) : NOTHING} ${evidenceLinks(evidence)}
    <p>Again: <code>${shortened(again(run, start))}</code></p>`;
}

/** The least: what differs, and where its evidence lies. */
export function renderBrief(run: Run, evidence: EvidencePlace | null): Html {
  const [first] = run.outcome === 'verdict' ? run.differences : detailsOf(run, 0).map(({ text }) => text);
  const said = first === undefined ? '' : `${shortName(first, MOST_BRIEF)} `;
  const folder = evidence === null ? NOTHING : html`<a href="${evidence.address}/">Its evidence</a>. `;
  return html`<p>${said}${folder}The page is full: run.jsonl has the rest.</p>`;
}

/** Why there is no drawing of it, or not of all. A guest that did not come up has no records to draw. */
function whatIsWrong(run: Run, { timeline, problem, page }: RunContext): Html {
  const isExpected = run.outcome === 'verdict' || timeline !== null;
  if (problem === undefined || page !== undefined || !isExpected) return NOTHING;
  const without = timeline === null ? ' So there is no drawing, and no times of the records.' : '';
  return html`<p class="odd">timeline.jsonl of its evidence ${problem}.${without}</p>`;
}

/** What differs; where its records are not at hand, what is known of them as well. */
function sentencesOf(run: Run, { timeline, most = Infinity, page }: RunContext): string[] {
  if (run.outcome === 'verdict' && (timeline !== null || page !== undefined)) return run.differences;
  return detailsOf(run, most)
    .filter(({ text }) => !text.startsWith('evidence: '))
    .map(({ depth, text }) => '  '.repeat(depth) + shortened(text, MOST_LINE));
}

function evidenceLinks(evidence: RunContext['evidence']): Html {
  const there = FILES.filter(([file]) => evidence?.files.includes(file));
  if (evidence === null || there.length === 0) return NOTHING;
  const links = there.map(
    ([file, what], at) => html`${at > 0 ? ' · ' : ' '}<a href="${evidence.address}/${file}">${what}</a>`,
  );
  return html`<p>Evidence:${links}</p>`;
}

function facts(run: Run): Html {
  const pairs: [string, string][] = [['cell', shortened(sayCell(run.cell))]];
  if (run.outcome === 'verdict') {
    const { oops, expectation } = run;
    pairs.push(
      ['wire', sayWitness(run.wire)],
      ['serial console', sayWitness(run.serial)],
      ['died of', oops.kind === 'none' ? 'nothing: it survived' : `${oops.kind}, in ${oops.context} context`],
      ...(oops.title === null ? [] : [['in its words', oops.title] satisfies [string, string]]),
      ['expected', expectation.wire === 'either' ? 'complete or not' : expectation.wire],
      ...(expectation.because === undefined
        ? []
        : [['known because', expectation.because] satisfies [string, string]]),
    );
  }
  for (const measurement of (run.measurements ?? []).slice(0, MOST_MEASUREMENTS))
    pairs.push(['measured', shortened(sayMeasurement(measurement))]);
  pairs.push(['took', `${run.seconds} s${(run.attempts ?? 1) > 1 ? `, attempt ${run.attempts}` : ''}`]);
  return html`<dl class="facts">
    ${pairs.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

function moments({ head }: Timeline): Html {
  const some = head.moments.slice(0, MOST_MOMENTS);
  const all = some.map(({ ms, name }) => `${shortName(name)} at ${(ms / 1000).toFixed(6)}`);
  return html`<p class="soft">
    ${all.length === 0 ? NOTHING : html`${all.join(' · ')} (seconds after boot). `}+ is how long after it was
    written a record was seen, the one seen the soonest taken for 0: two clocks are held together by it.
  </p>`;
}
