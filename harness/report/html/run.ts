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

const RECORDS_SHOWN = 20;

/** All that is known of a run. */
export function renderRun(run: Run, anchor: string, context: RunContext): Html {
  const { timeline, evidence, page, start } = context;
  const isKnown = standingOf(run) === 'known loss';
  const sentences = sentencesOf(run, timeline !== null);
  return html`${facts(run)}
    ${sentences.length === 0 ? NOTHING : html`<pre>${sentences.map((line) => html`${line}${'\n'}`)}</pre>`}
    ${timeline === null || page !== undefined ? NOTHING : html`${drawTimeline(timeline, isKnown ? 'known' : 'bad')}${moments(timeline)}`}
    ${page === undefined ? NOTHING : html`<p><a href="${page}">Its records, one by one</a></p>`}
    ${timeline === null || page !== undefined ? NOTHING : renderRecords(timeline, anchor)}
    ${evidenceLinks(evidence)}
    <p>Again: <code>${again(run, start)}</code></p>`;
}

/** What differs; where its records are not at hand, what is known of them as well. */
function sentencesOf(run: Run, hasRecords: boolean): string[] {
  if (run.outcome === 'verdict' && hasRecords) return run.differences;
  return detailsOf(run, RECORDS_SHOWN)
    .map(({ depth, text }) => '  '.repeat(depth) + text)
    .filter((line) => !line.startsWith('evidence: '));
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
  const pairs: [string, string][] = [['cell', sayCell(run.cell)]];
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
  for (const measurement of run.measurements ?? []) pairs.push(['measured', sayMeasurement(measurement)]);
  pairs.push(['took', `${run.seconds} s${(run.attempts ?? 1) > 1 ? `, attempt ${run.attempts}` : ''}`]);
  return html`<dl class="facts">
    ${pairs.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

function moments(timeline: Timeline | null): Html {
  if (timeline === null) return NOTHING;
  const all = timeline.head.moments.map(({ ms, name }) => `${name} at ${(ms / 1000).toFixed(6)}`);
  return html`<p class="soft">
    ${all.length === 0 ? NOTHING : html`${all.join(' · ')} (seconds after boot). `}+ is how long after it was
    written a record was seen, the one seen the soonest taken for 0: two clocks are held together by it.
  </p>`;
}
