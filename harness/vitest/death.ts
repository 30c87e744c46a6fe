import type { RunEnd } from '../lab/observe.ts';
import type { Experiment } from '../lab/experiment.ts';
import type { ScenarioEnd, ScenarioGuest } from '../lab/scenario.ts';
import type { OopsReading } from '../oops/read.ts';
import { shownText } from '../printk/byte-string.ts';
import type { Judgement } from '../verdict/judgement.ts';

/** How a guest ended, proved: what its ring buffer holds since the test began, against what arrived. */
export interface Death {
  wire: Judgement;
  serial: Judgement;
  oops: OopsReading;
  end: RunEnd;
  /** Everything the guest logged since the test began, line by line. */
  log: string[];
}

/** A living guest in a test's hand. */
export interface TestGuest extends ScenarioGuest {
  /** Waits for its end (`panic` unless said otherwise), once, and proves what arrived. */
  death(ends?: ScenarioEnd): Promise<Death>;
}

/** `skip` is vitest's own, of the test: where the guest lacks something, the test is skipped and not failed. */
export function testGuest(experiment: Experiment, skip: (reason: string) => never): TestGuest {
  let death: Promise<Death> | undefined;
  return {
    ...experiment.hand,
    lacks: skip,
    death: (ends = 'panic') => (death ??= deathOf(experiment, ends)),
  };
}

async function deathOf(experiment: Experiment, ends: ScenarioEnd): Promise<Death> {
  const { conclusion, end } = await experiment.end({ expect: { kind: 'none', ends } });
  const { wire, serial, oops, written } = conclusion;
  return { wire, serial, oops, end, log: written.flatMap(({ text }) => shownText(text).split('\n')) };
}
