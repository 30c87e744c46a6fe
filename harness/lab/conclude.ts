import type { GuestFacts } from '../guest/facts.ts';
import { CrashlabError } from '../host/error.ts';
import type { Ledger } from '../netconsole/ledger.ts';
import { stripPrefix } from '../oops/prefix.ts';
import { type OopsReading, readOops } from '../oops/read.ts';
import type { PrintkRecord } from '../printk/record.ts';
import { shownText } from '../printk/byte-string.ts';
import { type Judgement, undecidable } from '../verdict/judgement.ts';
import { judgeRecords } from '../verdict/records.ts';
import { judgeText } from '../verdict/text.ts';
import { type Truth, truthFrom } from '../verdict/truth.ts';
import type { Evidence } from './evidence.ts';
import { wireDifferences, wireNews } from './loss.ts';
import type { RunEnd } from './observe.ts';
import type { Cell } from './record.ts';
import type { Expectation, KnownLoss, ScenarioEnd } from './scenario.ts';

/** The verdict of one run, and whether it is what the scenario expects. */
export interface Conclusion {
  wire: Judgement;
  serial: Judgement;
  oops: OopsReading;
  expectation: { wire: 'complete' | 'incomplete' | 'either'; because?: string };
  /** What differs from the expectation, a sentence each. */
  differences: string[];
  /** Those of them that say only that less is lost than is known. */
  news: string[];
  /** Whether one of them is about what arrived: only for that a starved host may be to blame. */
  arrivalDiffers: boolean;
  /** What the guest wrote from the marker on. */
  written: readonly PrintkRecord[];
  /** The same, with what the ring buffer no longer has; null where nobody knows. */
  truth: Truth | null;
}

/** Holds the evidence together. Throws TRIGGER_MISSED: a guest that didn't die as it should is no verdict. */
export function conclude(
  expect: Expectation,
  context: {
    cell: Cell;
    facts: GuestFacts;
    /** What the scenario has asked the guest, and was so. */
    probed: ReadonlySet<string>;
    evidence: Evidence;
    marker: string;
    end: RunEnd;
  },
): Conclusion {
  const { cell, facts, probed, evidence, marker, end } = context;
  const truth = truthFrom(evidence.ring, marker, markerOnWire(evidence.wire, marker));
  const lost = undecidable('the ring buffer does not show where the marker was, and neither does a witness');
  const oops = readOops(truth ? truthLines(truth) : [], {
    panicTimeout: cell.panic,
    panicExpected: expect.ends === 'panic',
  });
  const wire = truth ? judgeWire(truth, evidence, cell) : lost;
  const serial = truth ? judgeText(truth, evidence.serial) : lost;
  if (truth) proveTrigger(expect, { oops, end, said: saidAfter(truth, evidence, marker) });
  const known = expect.losses?.find((loss) => loss.when({ cell, facts, probed }));
  const expectation = expectationOf(known);
  const written = truth?.records ?? [];
  const ofWire = wireDifferences(wire, written, known);
  const differences = [...ofWire, ...deathDifferences(expect, { cell, facts, oops, end, known })];
  const news = wireNews(wire, written, known);
  const arrivalDiffers = ofWire.length > 0;
  return { wire, serial, oops, expectation, differences, news, arrivalDiffers, written, truth };
}

function proveTrigger(
  expect: Expectation,
  { oops, end, said }: { oops: OopsReading; end: RunEnd; said: string[] },
): void {
  if (oops.kind === 'none' && !kindsOf(expect).includes('none')) {
    throw missed(`The guest did not die: its log has no crash after the marker (end: ${end}).`);
  }
  const { says } = expect;
  if (says && !said.some((line) => says.test(line))) {
    throw missed(`Nothing in the guest’s log after the marker says ${says} (end: ${end}).`);
  }
}

/** Every line after the marker, of the ring and of the witnesses: a burst overwrites the ring. */
function saidAfter(truth: Truth, { wire, serial }: Evidence, marker: string): string[] {
  const from = serial.indexOf(marker);
  const console = from < 0 ? '' : serial.slice(from);
  const first = Math.min(truth.records[0]?.sequence ?? Infinity, truth.overwritten[0] ?? Infinity);
  const arrived = [...wire.records].flatMap(([sequence, copies]) =>
    sequence < first ? [] : copies.map(({ text }) => text),
  );
  return [...truthLines(truth), ...arrived, ...console.split(/\r?\n/).map(stripPrefix)];
}

function missed(message: string): CrashlabError {
  return new CrashlabError('guest', 'TRIGGER_MISSED', message, {
    advice: 'The trigger had no effect on this kernel; its ring buffer is in the evidence.',
  });
}

function judgeWire(truth: Truth, evidence: Evidence, cell: Cell): Judgement {
  const { wire, sent, lostBeyond } = evidence;
  if (cell.format === 'basic') return judgeText(truth, wire.basicText, sent?.basicText, lostBeyond);
  return judgeRecords(truth, wire, sent ?? undefined, lostBeyond);
}

function markerOnWire(ledger: Ledger, marker: string): number | null {
  for (const [sequence, copies] of ledger.records) {
    if (copies.some((copy) => copy.text === marker)) return sequence;
  }
  return null;
}

function truthLines(truth: Truth): string[] {
  return truth.records.flatMap((record) => shownText(record.text).split('\n'));
}

function expectationOf(known: KnownLoss | undefined): Conclusion['expectation'] {
  if (!known) return { wire: 'complete' };
  const wire = known.how === 'sometimes' ? 'either' : 'incomplete';
  return { wire, because: `${known.because} (${known.source})` };
}

function deathDifferences(
  expect: Expectation,
  context: { cell: Cell; facts: GuestFacts; oops: OopsReading; end: RunEnd; known: KnownLoss | undefined },
): string[] {
  const { cell, facts, oops, end, known } = context;
  const sentences: string[] = [];
  if (!kindsOf(expect).includes(oops.kind)) {
    sentences.push(`The guest died of ${oops.kind}, not of ${kindsOf(expect).join(' or ')}.`);
  }
  // Of a report that is cut short nobody can read the context.
  if (known?.hangs && end === 'silence') return sentences;
  if (known?.hangs === 'always') {
    return [...sentences, `The guest is known to hang here, but: ${end}. The kernel has changed.`];
  }
  if (expect.context && !contextsOf(expect.context, facts).some((one) => one === oops.context)) {
    sentences.push(`It died in ${oops.context} context, not in ${expect.context}.`);
  }
  if (expect.ends === 'panic' && oops.terminated === false) {
    sentences.push(`Its own report has no end (${end}).`);
  }
  // With panic=-1 the kernel says nothing last: that it has not hung, only the reset shows.
  const promised = ENDS[expect.ends === 'panic' && cell.panic < 0 ? 'reset' : expect.ends];
  if (promised && end !== promised.end) sentences.push(`The guest should ${promised.words}, but: ${end}.`);
  return sentences;
}

const kindsOf = ({ kind }: Expectation) => [kind].flat();

type Context = NonNullable<Expectation['context']>;

/** With PREEMPT_RT the handlers of most interrupts, and of softirqs, are threads: Linux kernel/irq/manage.c. */
function contextsOf(context: Context, { realtime }: GuestFacts): Context[] {
  if (!realtime || context === 'nmi' || context === 'task') return [context];
  return context === 'hardirq' ? ['hardirq', 'softirq', 'task'] : ['softirq', 'task'];
}

/** How a run must end where the log can't tell. */
const ENDS: Partial<Record<ScenarioEnd, { end: RunEnd; words: string }>> = {
  alive: { end: 'alive', words: 'live on' },
  reset: { end: 'reset', words: 'reset' },
  'power-off': { end: 'power-off', words: 'power itself off' },
  hang: { end: 'silence', words: 'hang' },
};
