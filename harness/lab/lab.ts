import PQueue from 'p-queue';
import type { Guest } from '../guest/guest.ts';
import type { KernelView } from '../guest/kernel-view.ts';
import type { MachineSpecification } from '../machine/arguments.ts';
import { GuestMaker, type GuestOptions } from './guests.ts';
import type { PlannedRun } from './plan.ts';
import type { RecordEvent, Run } from './record.ts';
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

/** Works through the plan, so many runs at once; runs that an abort left undone are absent. */
export async function workThrough(plan: PlannedRun[], options: LabOptions): Promise<void> {
  const maker = new GuestMaker({
    ...options,
    onTemplate: (kernel, state, seconds) => {
      options.onEvent({ type: 'template', kernel, state, ...(seconds === undefined ? {} : { seconds }) });
    },
  });
  const queue = new PQueue({ concurrency: options.jobs });
  await Promise.all(
    plan.map((run) =>
      queue.add(async () => {
        if (options.signal.aborted) return;
        const { id, cell, repetition, scenario } = run;
        options.onEvent({ type: 'begin', id, scenario: scenario.name, cell, repetition });
        const make = (): Promise<{ guest: Guest; kernel: KernelView }> =>
          maker.make(cell, options.specificationOf(run));
        const result: Run = await runOne(run, { make, out: options.out, timeoutMs: options.timeoutMs });
        if (!options.signal.aborted) options.onEvent(result);
      }),
    ),
  );
}
