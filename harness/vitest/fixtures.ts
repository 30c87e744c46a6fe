import { test as base } from 'vitest';
import { type ExperimentOptions, openExperiment } from '../lab/standalone.ts';
import { CellLacks } from '../lab/skip.ts';
import { type TestGuest, testGuest } from './death.ts';

interface Fixtures {
  /** What the guest is made of; override it for a file or a suite. */
  crashlab: ExperimentOptions;
  /** A guest that is up, netconsole working: everything it says from here on counts. */
  guest: TestGuest;
}

/** vitest's `test`, with a guest for whoever asks for one. */
export const test = base.extend<Fixtures>({
  crashlab: [{}, { injected: true }],
  guest: async ({ crashlab, skip }, use) => {
    await using experiment = await openExperiment(crashlab).catch((error: unknown) => {
      if (error instanceof CellLacks) return skip(error.message);
      throw error;
    });
    await use(testGuest(experiment, skip));
  },
});
