import type { Run, WitnessVerdict } from '../lab/record.ts';

/** How a run stands against what was expected of it. */
export type Standing =
  | 'complete'
  | 'known loss'
  | 'skipped'
  | 'no verdict'
  | 'unexpected pass'
  | 'unexpectedly little'
  | 'unexpected difference'
  | 'unexpected loss';

/** From good to bad; the mark goes before a run's verdict, the remark after it. */
export const STANDINGS: { [S in Standing]: { mark: string; remark: string; badness: number } } = {
  complete: { mark: '✓', remark: 'as expected', badness: 0 },
  'known loss': { mark: '○', remark: 'as expected', badness: 1 },
  skipped: { mark: '–', remark: '', badness: 2 },
  'no verdict': { mark: '?', remark: '', badness: 3 },
  'unexpected pass': { mark: '!', remark: 'though a loss is known', badness: 4 },
  'unexpectedly little': { mark: '!', remark: 'less than is known', badness: 4 },
  'unexpected difference': { mark: '✗', remark: 'but not as expected', badness: 5 },
  'unexpected loss': { mark: '✗', remark: 'unexpectedly', badness: 6 },
};

/** Nothing is complete by default: an undecidable wire has no verdict even where anything was expected. */
export function standingOf(run: Run): Standing {
  if (run.outcome === 'skipped') return 'skipped';
  if (run.outcome === 'infrastructure') return 'no verdict';
  const { status } = run.wire;
  if (run.expected)
    return ({ complete: 'complete', incomplete: 'known loss', undecidable: 'no verdict' } as const)[status];
  if (status === 'incomplete' && run.expectation.wire === 'complete') return 'unexpected loss';
  if (status === 'complete' && run.expectation.wire === 'incomplete') return 'unexpected pass';
  return run.news ? 'unexpectedly little' : 'unexpected difference';
}

/** Whether it is neither as expected nor skipped: a person has to look at it. */
export function isSurprising(run: Run): boolean {
  return !['complete', 'known loss', 'skipped'].includes(standingOf(run));
}

/** Less is lost than is known: the kernel has changed, and has not got worse. */
export const isNews = (run: Run) => ['unexpected pass', 'unexpectedly little'].includes(standingOf(run));

/** Why its loss is known; null where it is none. */
export function knownBecause(run: Run): string | null {
  if (run.outcome !== 'verdict' || standingOf(run) !== 'known loss') return null;
  return run.expectation.because ?? '';
}

/** What happened to the records: a word, and for a loss how many it hit. */
interface Damage {
  word:
    | 'complete'
    | 'lost'
    | 'torn'
    | 'doubled'
    | 'misplaced'
    | 'incomplete'
    | 'undecidable'
    | 'no verdict'
    | 'skipped';
  records: number;
}

/** The gravest damage at one witness: a missing record before a torn one before a doubled one. */
function damageAt(witness: WitnessVerdict): Damage {
  if (witness.status !== 'incomplete') return { word: witness.status, records: 0 };
  const { missing, torn, doubled, misplaced } = witness;
  if (missing.length > 0) return { word: 'lost', records: missing.length };
  if (torn.length > 0) return { word: 'torn', records: torn.length };
  if (doubled.length > 0) return { word: 'doubled', records: doubled.length };
  if (misplaced.length > 0) return { word: 'misplaced', records: misplaced.length };
  return { word: 'incomplete', records: 0 };
}

/** A run is judged by its wire; the serial console is only shown beside it. */
function damageOf(run: Run): Damage {
  if (run.outcome === 'verdict') return damageAt(run.wire);
  return { word: run.outcome === 'skipped' ? 'skipped' : 'no verdict', records: 0 };
}

/** `complete`, `lost 59/59`, `torn 2/59`, `undecidable`. */
export function sayWitness(witness: WitnessVerdict): string {
  const { word, records } = damageAt(witness);
  return records > 0 ? `${word} ${records}/${witness.written}` : word;
}

/** As {@link sayWitness} for the wire; `no verdict` for an infrastructure outcome, `skipped` for a skipped run. */
export function sayVerdict(run: Run): string {
  return run.outcome === 'verdict' ? sayWitness(run.wire) : damageOf(run).word;
}

/** `lost 59/59, as expected`, `complete, though a loss is known`, `no verdict`. */
export function sayOutcome(run: Run): string {
  const { remark } = STANDINGS[standingOf(run)];
  return remark === '' ? sayVerdict(run) : `${sayVerdict(run)}, ${remark}`;
}

/** The repetitions of one experiment: `complete 4/5, lost 1/5 (12–40 records)`; a single one as itself. */
export function sayDistribution(runs: readonly Run[]): string {
  const [only, second] = runs;
  if (only !== undefined && second === undefined) return sayVerdict(only);
  const damages = new Map<Damage['word'], number[]>();
  for (const { word, records } of runs.map(damageOf)) {
    damages.set(word, [...(damages.get(word) ?? []), records]);
  }
  return [...damages]
    .sort((a, b) => Number(b[0] === 'complete') - Number(a[0] === 'complete') || b[1].length - a[1].length)
    .map(([word, records]) => `${word} ${records.length}/${runs.length}${sayRange(records)}`)
    .join(', ');
}

function sayRange(records: number[]): string {
  const [least, most] = [Math.min(...records), Math.max(...records)];
  if (most === 0) return '';
  if (least === most) return most === 1 ? ' (1 record)' : ` (${most} records)`;
  return ` (${least}–${most} records)`;
}

/** The standing that marks several runs: their worst. */
export function worstOf(runs: readonly Run[]): Standing {
  return runs
    .map(standingOf)
    .reduce<Standing>((a, b) => (STANDINGS[b].badness > STANDINGS[a].badness ? b : a), 'complete');
}

/** What arrived without a text to compare it with, a sentence where there is some: it proves less than the rest. */
export function sayUncompared(runs: readonly Run[]): string[] {
  const records = runs.reduce(
    (sum, run) => sum + (run.outcome === 'verdict' ? (run.wire.uncompared ?? 0) : 0),
    0,
  );
  if (records === 0) return [];
  const what = records === 1 ? '1 record' : `${records} records`;
  return [
    `${what} arrived whole, but not compared byte for byte: the ring buffer had overwritten what was written.`,
  ];
}

/** `16 runs: 14 complete, 2 lost as expected, 0 unexpected, 0 without a verdict`. */
export function sayTally(runs: readonly Run[]): string {
  const standings = runs.map(standingOf);
  const count = (matches: (standing: Standing) => boolean) => standings.filter(matches).length;
  return [
    `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}: ${count((s) => s === 'complete')} complete`,
    `${count((s) => s === 'known loss')} lost as expected`,
    `${count((s) => s.startsWith('unexpected'))} unexpected`,
    `${count((s) => s === 'no verdict')} without a verdict`,
    ...(standings.includes('skipped') ? [`${count((s) => s === 'skipped')} skipped`] : []),
  ].join(', ');
}
