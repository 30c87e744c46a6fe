import type { Run, WitnessVerdict } from '../../lab/record.ts';
import { shortened } from './shorten.ts';

/**
 * A run whose texts are no longer than a page has room for. What it is told from others by, and where its evidence lies,
 * stays whole.
 */
export function bounded(run: Run): Run {
  if (run.outcome === 'skipped') {
    const { code, message } = run.reason;
    return { ...run, reason: { code: shortened(code), message: shortened(message) } };
  }
  if (run.outcome === 'infrastructure') {
    const { code, message, advice } = run.reason;
    const reason = { ...run.reason, code: shortened(code), message: shortened(message) };
    return { ...run, reason: { ...reason, ...(advice === undefined ? {} : { advice: shortened(advice) }) } };
  }
  const { oops, expectation } = run;
  const { because } = expectation;
  const title = oops.title === null ? null : shortened(oops.title);
  return {
    ...run,
    wire: boundedWitness(run.wire),
    serial: boundedWitness(run.serial),
    oops: { ...oops, kind: shortened(oops.kind), title },
    expectation: { ...expectation, ...(because === undefined ? {} : { because: shortened(because) }) },
    differences: run.differences.map((difference) => shortened(difference)),
  };
}

function boundedWitness(witness: WitnessVerdict): WitnessVerdict {
  const { reason } = witness;
  return {
    ...witness,
    ...(reason === undefined ? {} : { reason: shortened(reason) }),
    lost: witness.lost.map((record) => ({ ...record, text: shortened(record.text) })),
  };
}
