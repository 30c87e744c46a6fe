import { withDeadline } from '../guest/guest.ts';
import { orAborted } from '../guest/settling.ts';
import { CrashlabError } from '../host/error.ts';
import { beginExperiment, type Outcome, type Scene } from './experiment.ts';
import type { Cell } from './record.ts';
import type { Scenario } from './scenario.ts';

/** Runs a scenario on a guest that is up: marker, trigger, end, truth, verdict. Throws when there is no verdict. */
export async function execute(
  scenario: Scenario,
  cell: Cell,
  options: Pick<Scene, 'guest' | 'kernel' | 'crowded' | 'labModule' | 'onEvidence'> & { timeoutMs: number },
): Promise<Outcome> {
  const { guest, timeoutMs, ...rest } = options;
  using deadline = withDeadline(guest.signal, timeoutMs, () => tooLong(timeoutMs));
  const scene = { guest, ...rest, cell, signal: deadline.signal };
  const made = async () => {
    const experiment = await beginExperiment(scene, scenario.prepare);
    await scenario.run({ guest: experiment.hand });
    return experiment.end(scenario);
  };
  // A QEMU that hangs answers nothing, not even a question about the guest's memory.
  return await orAborted(made(), scene.signal);
}

function tooLong(timeoutMs: number): CrashlabError {
  return new CrashlabError('guest', 'RUN_TIMEOUT', `The run was not over after ${timeoutMs / 1000} s.`, {
    advice: 'Give it longer with --timeout SECONDS; the evidence shows how far it came.',
  });
}
