import type { MachineSpecification } from '../machine/arguments.ts';
import { GuestMaker, type GuestOptions } from './guests.ts';
import type { PlannedRun } from './plan.ts';
import { inTwoPasses } from './passes.ts';
import type { RecordEvent } from './record.ts';
import { runOne } from './run-one.ts';

/** What a lab needs to work through a plan. */
export interface LabOptions extends Omit<GuestOptions, 'onTemplate'> {
  jobs: number;
  timeoutMs: number;
  /** Folder of the record and its evidence. */
  out: string;
  specificationOf: (run: PlannedRun) => MachineSpecification;
  /** Called with every event in the order it happens, `start` and `end` excepted. */
  onEvent: (event: RecordEvent) => void;
}

/**
 * Works through the plan, so many runs at once; a run that the host starved is made once more, alone. Runs that an
 * abort left undone are absent.
 */
export async function workThrough(plan: PlannedRun[], options: LabOptions): Promise<void> {
  const maker = new GuestMaker({
    ...options,
    onTemplate: (kernel, state, seconds) => {
      options.onEvent({ type: 'template', kernel, state, ...(seconds === undefined ? {} : { seconds }) });
    },
  });
  await inTwoPasses(plan, {
    jobs: options.jobs,
    signal: options.signal,
    begin: ({ id, cell, repetition, scenario }) => {
      options.onEvent({ type: 'begin', id, scenario: scenario.name, cell, repetition });
    },
    run: (run) => {
      const make = () => maker.make(run.cell, options.specificationOf(run));
      return runOne(run, { make, out: options.out, timeoutMs: options.timeoutMs });
    },
    spoilt: (result) => result.outcome === 'infrastructure' && result.reason.code === 'HOST_STARVED',
    done: (result, attempts) => options.onEvent(attempts === 1 ? result : { ...result, attempts }),
  });
}
