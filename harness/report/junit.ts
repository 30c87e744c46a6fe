import type { RecordEvent, Run } from '../lab/record.ts';
import { sayCell } from './cell.ts';
import { detailsOf } from './details.ts';
import { type CellRuns, isRepeated, replay, runsByCell, shortfall } from './replay.ts';
import { sayOutcome, standingOf } from './standing.ts';
import { renderXml, type XmlElement } from './xml.ts';

/** A burst loses thousands of records; a CI page that shows them all shows none. */
const RECORDS_SHOWN = 200;

/**
 * JUnit XML as CI servers read it. There is no standard; test/report/junit.xsd holds what this report keeps to.
 * A suite per cell, a case per run; times are in seconds.
 */
export function renderJunit(events: readonly RecordEvent[]): string {
  const record = replay(events);
  const missing = shortfall(record);
  const suites = [
    ...runsByCell(record.runs).map((group) => cellSuite(group, isRepeated(record.runs))),
    ...(missing === undefined ? [] : [suite('crashlab', 0, [], [shortfallCase(missing)])]),
  ];
  const sum = (name: string) => suites.reduce((total, { attributes }) => total + Number(attributes[name]), 0);
  return renderXml({
    name: 'testsuites',
    attributes: {
      name: 'crashlab',
      tests: sum('tests'),
      failures: sum('failures'),
      errors: sum('errors'),
      time: (record.end?.seconds ?? sum('time')).toFixed(3),
    },
    content: suites,
  });
}

function cellSuite({ cell, runs }: CellRuns, repeated: boolean): XmlElement {
  const properties = Object.entries(cell).map(([name, value]) => element('property', { name, value }));
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
  return suite(
    sayCell(cell),
    seconds,
    properties,
    runs.map((run) => runCase(run, repeated)),
  );
}

function suite(name: string, seconds: number, properties: XmlElement[], cases: XmlElement[]): XmlElement {
  const having = (child: string) => cases.filter(({ content }) => hasChild(content, child)).length;
  return element(
    'testsuite',
    {
      name,
      tests: cases.length,
      failures: having('failure'),
      errors: having('error'),
      skipped: having('skipped'),
      time: seconds.toFixed(3),
    },
    [...(properties.length === 0 ? [] : [element('properties', {}, properties)]), ...cases],
  );
}

function hasChild(content: XmlElement['content'], name: string): boolean {
  return Array.isArray(content) && content.some((child) => child.name === name);
}

/** The cell is said in the name as well: most CI servers know a case only by its class and name. */
function runCase(run: Run, repeated: boolean): XmlElement {
  const isKnown = run.outcome === 'verdict' && standingOf(run) === 'known loss';
  const because = isKnown ? run.expectation.because : undefined;
  const summary = because === undefined ? sayOutcome(run) : `${sayOutcome(run)}: ${because}`;
  return element(
    'testcase',
    {
      name: `${sayCell(run.cell)}${repeated ? ` #${run.repetition}` : ''}`,
      classname: `crashlab.${run.scenario}`,
      time: run.seconds.toFixed(3),
    },
    [...problem(run, summary), element('system-out', {}, summary)],
  );
}

function problem(run: Run, summary: string): XmlElement[] {
  const details = () =>
    detailsOf(run, RECORDS_SHOWN)
      .map(({ depth, text }) => '  '.repeat(depth) + text)
      .join('\n');
  if (run.outcome === 'infrastructure') {
    const { code, message } = run.reason;
    return [element('error', { type: code, message: message.split('\n', 1).join('') }, details())];
  }
  if (run.outcome === 'skipped') return [element('skipped', { message: run.reason.message })];
  if (!run.expected) return [element('failure', { type: standingOf(run), message: summary }, details())];
  // Neither proved nor disproved, though nothing else was expected of it: not a pass.
  return standingOf(run) === 'no verdict' ? [element('skipped', { message: summary })] : [];
}

function shortfallCase(missing: string): XmlElement {
  return element(
    'testcase',
    { name: 'every planned run has an outcome', classname: 'crashlab', time: '0.000' },
    [element('error', { type: 'UNFINISHED', message: missing })],
  );
}

function element(
  name: string,
  attributes: XmlElement['attributes'],
  content: XmlElement[] | string = [],
): XmlElement {
  return { name, attributes, content };
}
