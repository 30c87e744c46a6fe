import type { Run, WitnessVerdict } from '../lab/record.ts';
import { safe } from '../printk/safe.ts';
import { sayMeasurement } from './measurements.ts';
import { isNews, sayUncompared, sayWitness } from './standing.ts';

export interface Detail {
  /** How deep the line stands below its run: 0 or 1. */
  depth: 0 | 1;
  /** Safe to show, one line. */
  text: string;
}

type VerdictRun = Extract<Run, { outcome: 'verdict' }>;

/**
 * What a person wants to know of a run that is not as expected, line by line. `most` bounds the records shown,
 * `folder` is where the record lies, so that the path of the evidence can be opened from here.
 */
export function detailsOf(run: Run, most: number, folder = '.'): Detail[] {
  return [
    ...outcomeDetails(run, most),
    ...(run.measurements ?? []).map((measurement) => line(sayMeasurement(measurement))),
    ...(run.evidence === undefined
      ? []
      : [line(`evidence: ${folder === '.' ? '' : `${folder}/`}${run.evidence}`)]),
  ];
}

function outcomeDetails(run: Run, most: number): Detail[] {
  if (run.outcome === 'verdict') return verdictDetails(run, most);
  if (run.outcome === 'infrastructure') return infrastructureDetails(run.reason);
  return [line(`${run.reason.code}: ${run.reason.message}`)];
}

function infrastructureDetails(reason: Extract<Run, { outcome: 'infrastructure' }>['reason']): Detail[] {
  const [first = '', ...more] = reason.message.split('\n');
  return [
    line(`${reason.code} (${reason.blame}): ${first}`),
    // A guest's own lines: nothing of them stands where a line begins.
    ...more.map((text): Detail => ({ depth: 1, text: `| ${safe(text.trimStart())}` })),
    ...(reason.advice === undefined ? [] : [line(`advice: ${reason.advice}`)]),
  ];
}

function verdictDetails(run: VerdictRun, most: number): Detail[] {
  const because = isNews(run) ? run.expectation.because : undefined;
  return [
    ...run.differences.map((difference) => line(difference)),
    ...(because === undefined ? [] : [line(`the known loss: ${because}`)]),
    ...(run.wire.reason === undefined ? [] : [line(`wire: ${run.wire.reason}`)]),
    line(`died of: ${sayDeath(run.oops)}`),
    ...missingDetails(run.wire, most),
    ...sayUncompared([run]).map((sentence) => line(sentence)),
    ...sequenceDetails('torn', run.wire.torn, most),
    ...sequenceDetails('doubled', run.wire.doubled, most),
    ...sequenceDetails('misplaced', run.wire.misplaced, most),
    line(`serial console: ${sayWitness(run.serial)}`),
  ];
}

function sayDeath({ kind, context, terminated, title }: VerdictRun['oops']): string {
  if (kind === 'none') return 'nothing, the guest survived';
  const end = terminated === false ? ', its report has no end' : '';
  return `${title ?? 'a report without a title'} (${kind}, ${context}${end})`;
}

function missingDetails(witness: WitnessVerdict, most: number): Detail[] {
  const { missing, lost } = witness;
  if (missing.length === 0) return [];
  const known = new Map(lost.map((record) => [record.sequence, record]));
  const places = new Map<string, number>();
  for (const sequence of missing) {
    const where = known.get(sequence)?.where ?? 'at an unknown place';
    places.set(where, (places.get(where) ?? 0) + 1);
  }
  const counts = [...places].map(([where, count]) => (places.size === 1 ? where : `${count} ${where}`));
  return [
    line(`${missing.length} of ${witness.written} records missing, ${counts.join(', ')}:`),
    ...missing
      .slice(0, most)
      .map((sequence) => line(`${sequence} ${known.get(sequence)?.text ?? ''}`.trim(), 1)),
    ...(missing.length > most ? [line(`… and ${missing.length - most} more`, 1)] : []),
  ];
}

function sequenceDetails(what: string, sequences: number[], most: number): Detail[] {
  if (sequences.length === 0) return [];
  const more = sequences.length > most ? ` … and ${sequences.length - most} more` : '';
  return [line(`${what}: ${sequences.slice(0, most).join(', ')}${more}`)];
}

function line(text: string, depth: 0 | 1 = 0): Detail {
  return { depth, text: safe(text) };
}
