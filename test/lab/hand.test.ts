import { expect, test } from 'vitest';
import { CrashlabError } from '../../harness/host/error.ts';
import type { Scene } from '../../harness/lab/experiment.ts';
import { scenarioGuest } from '../../harness/lab/hand.ts';
import { CellLacks } from '../../harness/lab/skip.ts';

/** A hand that nothing is asked of but its own words: it needs no guest that runs. */
const hand = scenarioGuest({
  guest: { serial: { length: 0 } },
  kernel: {},
  signal: new AbortController().signal,
} as unknown as Scene);

const thrownBy = (act: () => never): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

test('a scenario whose trigger missed says so, and there is no verdict', () => {
  const error = thrownBy(() => hand.missed('No allocation failed.'));
  expect(error).toBeInstanceOf(CrashlabError);
  expect(error).toMatchObject({
    blame: 'guest',
    code: 'TRIGGER_MISSED',
    message: 'No allocation failed.',
  });
});

test('a scenario that a guest can’t have is skipped, nobody’s fault', () => {
  expect(thrownBy(() => hand.lacks('No PMU.'))).toBeInstanceOf(CellLacks);
});
