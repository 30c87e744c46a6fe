import type { Acceleration } from '../machine/accelerator.ts';
import type { MachineSpecification } from '../machine/arguments.ts';
import { GuestMaker, type GuestOptions } from './guests.ts';
import type { PlannedRun } from './plan.ts';
import { inTwoPasses } from './passes.ts';
import type { Cell, RecordEvent } from './record.ts';
import { runOne } from './run-one.ts';

/** What a lab needs to work through a plan. */
export interface LabOptions extends Omit<GuestOptions, 'onTemplate' | 'acceleration'> {
  /** By the name of the architecture. */
  accelerationOf: (arch: string) => Acceleration;
  jobs: number;
  /** Boot each run anew instead of cloning a template. */
  fresh: boolean;
  timeoutMs: number;
  /** Folder of the record and its evidence. */
  out: string;
  specificationOf: (run: PlannedRun) => MachineSpecification;
  labModuleOf: (cell: Cell) => string | null;
  /** Called with every event in the order it happens, `start` and `end` excepted. */
  onEvent: (event: RecordEvent) => void;
}

/**
 * Works through the plan, so many runs at once; a run that the host starved is made once more, alone. Runs that an
 * abort left undone are absent.
 */
export async function workThrough(plan: PlannedRun[], options: LabOptions): Promise<void> {
  const makers = new Map<string, GuestMaker>();
  const makerFor = (arch: string) => {
    const known = makers.get(arch);
    if (known) return known;
    const maker = new GuestMaker({
      ...options,
      acceleration: options.accelerationOf(arch),
      onTemplate: (kernel, state, seconds) => {
        options.onEvent({ type: 'template', kernel, state, ...(seconds === undefined ? {} : { seconds }) });
      },
    });
    makers.set(arch, maker);
    return maker;
  };
  await inTwoPasses(plan, {
    jobs: options.jobs,
    signal: options.signal,
    begin: ({ id, cell, repetition, scenario }) => {
      options.onEvent({ type: 'begin', id, scenario: scenario.name, cell, repetition });
    },
    run: (run, crowded) => {
      const { fresh = options.fresh } = run.scenario.scenario;
      const make: Parameters<typeof runOne>[1]['make'] = (onFailure) =>
        makerFor(run.cell.arch).make(run.cell, options.specificationOf(run), { fresh, onFailure });
      const { out, timeoutMs } = options;
      return runOne(run, { make, out, timeoutMs, crowded, labModule: options.labModuleOf(run.cell) });
    },
    spoilt: (result) => result.outcome === 'infrastructure' && result.reason.code === 'HOST_STARVED',
    done: (result, attempts) => options.onEvent(attempts === 1 ? result : { ...result, attempts }),
  });
}
