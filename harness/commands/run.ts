import { createWriteStream } from 'node:fs';
import { symlink, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { type Kernel, obtainKernel, ownKernel } from '../../images/kernel.ts';
import { sweepScratch } from '../host/scratch.ts';
import { CrashlabError } from '../host/error.ts';
import { makeFolder } from '../host/folder.ts';
import { hostError } from '../host/failure.ts';
import { defaultJobs } from '../host/jobs.ts';
import { replaceFile } from '../host/store.ts';
import { ownVersion } from '../host/version.ts';
import { chooseScenarios, readCatalogue } from '../lab/catalogue.ts';
import { GUEST_MEMORY_MIB } from '../lab/guests.ts';
import { workThrough } from '../lab/lab.ts';
import { fitOut } from '../lab/outfit.ts';
import { type PlannedRun, planRuns } from '../lab/plan.ts';
import { RECORD_VERSION, type RecordEvent, type StartEvent } from '../lab/record.ts';
import { architectureNamed, networkCardNamed } from '../machine/architecture.ts';
import {
  flatten,
  machineArguments,
  renderCommand,
  type MachineSpecification,
  type WireKind,
} from '../machine/arguments.ts';
import { exitCode } from '../report/exit.ts';
import { accelerate } from './accelerate.ts';
import { cellsOf, type Dimensions } from './cells.ts';
import { tellGithub } from './github.ts';
import { writeHtml } from './html-report.ts';
import type { Screen } from './screen.ts';
import { readUnfinished, type Unfinished } from './resume.ts';
import { checkDestinations, type ReportOptions, writeReports } from './report.ts';

export interface RunOptions extends Dimensions, ReportOptions {
  kernel: string[];
  arch: string[];
  modules?: string;
  suite?: string;
  wire: WireKind;
  repeat: number;
  jobs?: number;
  out?: string;
  /** Folder of a run that was stopped. */
  resume?: string;
  fresh: boolean;
  dryRun: boolean;
  append: string;
  accel: 'auto' | 'tcg' | 'kvm';
  /** Seconds. */
  timeout: number;
  bootTimeout: number;
}

/** `crashlab run`: plans, runs, records, reports. Gives the exit code. */
export async function runCommand(
  names: string[],
  options: RunOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<number> {
  await checkDestinations(options);
  const catalogue = await readCatalogue();
  const scenarios = chooseScenarios(catalogue, names, options.suite);
  checkNames(options);
  await sweepScratch();
  const kernels = await chooseKernels(options, screen, signal);
  const cells = cellsOf(kernels, options);
  const accelerations = await accelerate(kernels, options.accel, signal);
  const outfit = await fitOut(cells, {
    ...options,
    kernels,
    catalogue,
    scenarios,
    accelerationOf: accelerations.of,
    signal,
  });
  const plan = planRuns(scenarios, cells, { repeat: options.repeat, lacks: outfit.lacks });
  if (options.dryRun) return showCommands(plan, outfit.specificationOf, screen);

  const start: StartEvent = {
    type: 'start',
    version: RECORD_VERSION,
    crashlab: await ownVersion(),
    started: new Date().toISOString(),
    command: ['crashlab', ...process.argv.slice(2)],
    host: { ...accelerations.inShort(), cpus: availableParallelism() },
    guests: { wire: options.wire, fresh: options.fresh, append: options.append, ...ownFiles(options) },
    runs: plan.length,
  };
  const former = await formerRun(options.resume, { start, plan });
  const out = await openOut(options.resume ?? options.out);
  const file = path.join(out, 'run.jsonl');
  const events: RecordEvent[] = [...former.events];
  // Whole or not at all: a run that is stopped again must not have lost what it had.
  if (events.length > 0)
    await replaceFile(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const record = createWriteStream(file, { flags: events.length > 0 ? 'a' : 'w' });
  let recordFailure: unknown = null;
  const stop = new AbortController();
  signal.addEventListener('abort', () => stop.abort(signal.reason), { once: true });
  record.on('error', (error) => {
    recordFailure = error;
    // What nobody can read afterwards need not be run.
    stop.abort(error);
  });
  const onEvent = (event: RecordEvent) => {
    events.push(event);
    record.write(`${JSON.stringify(event)}\n`);
    screen.onEvent(event);
  };
  const startedMs = performance.now();
  let exit = 0;
  try {
    const left = plan.filter(({ id }) => !former.done.has(id));
    if (former.events.length === 0) onEvent(start);
    else {
      screen.note(`Going on in ${options.resume}: ${former.done.size} of ${plan.length} runs are done.`);
      screen.onEvent({ ...start, runs: left.length });
    }
    await workThrough(left, {
      accelerationOf: accelerations.of,
      wire: options.wire,
      fresh: options.fresh,
      append: options.append,
      bootTimeoutMs: options.bootTimeout * 1000,
      timeoutMs: options.timeout * 1000,
      jobs: options.jobs ?? defaultJobs(GUEST_MEMORY_MIB),
      out,
      specificationOf: outfit.specificationOf,
      labModuleOf: outfit.labModuleOf,
      signal: stop.signal,
      onEvent,
    });
    const interrupted = signal.aborted;
    const end: RecordEvent = {
      type: 'end',
      exit: 0,
      seconds: Math.round(former.seconds * 1000 + performance.now() - startedMs) / 1000,
      interrupted,
    };
    exit = exitCode([...events, end]);
    onEvent({ ...end, exit });
    await new Promise<void>((resolve) => record.end(resolve));
  } finally {
    screen.finish();
  }
  await writeReports(events, options, screen, {
    folder: path.relative(process.cwd(), out),
    truncated: false,
  });
  await tellGithub(events, process.env, (text) => void process.stderr.write(text));
  // What was found out is shown all the same.
  if (recordFailure) throw hostError(recordFailure, `writing the run record in ${out}`);
  const folder = path.relative(process.cwd(), out) || '.';
  const page = options.html ?? path.join(out, 'report.html');
  if (options.html === undefined) {
    // What was found out stands in the record: a page that can't be written takes nothing from it.
    await writeHtml(events, { file: page, folder: out }).catch((error: unknown) => {
      screen.note(hostError(error, `writing ${page}`).message);
    });
  }
  screen.note(`Report: ${path.relative(process.cwd(), page)}`);
  if (signal.aborted)
    screen.note(`To go on with it: the same command, with --resume ${folder} in place of --out`);
  return exit;
}

/** What the record keeps of a kernel that only this host has. */
function ownFiles({ kernel: [image], modules }: RunOptions) {
  return image === undefined || modules === undefined ? {} : { ownKernel: { image, modules } };
}

/** What the run that is gone on with has done; nothing where none is. */
async function formerRun(
  folder: string | undefined,
  { start, plan }: { start: StartEvent; plan: PlannedRun[] },
): Promise<Unfinished> {
  if (folder === undefined) return { events: [], done: new Set(), seconds: 0 };
  const planned = new Set(plan.map(({ id }) => id));
  return readUnfinished(path.join(folder, 'run.jsonl'), { now: start, planned });
}

/** A name nobody knows must not cost a download first. Errors: NO_NIC, NO_ARCHITECTURE. */
function checkNames({ nic, arch }: RunOptions): void {
  for (const name of nic) networkCardNamed(name);
  for (const name of arch) architectureNamed(name);
}

async function chooseKernels(options: RunOptions, screen: Screen, signal: AbortSignal): Promise<Kernel[]> {
  if (options.modules !== undefined) {
    const [image, ...more] = options.kernel;
    if (!image || more.length > 0) {
      throw new CrashlabError('usage', 'NO_KERNEL', '--modules goes with exactly one --kernel bzImage.');
    }
    if (options.arch.some((name) => architectureNamed(name).name !== 'x86-64')) {
      throw new CrashlabError('usage', 'NO_ARCHITECTURE', 'A kernel of your own must be one for x86-64.', {
        advice: 'Guests of other architectures run Debian’s kernels: --kernel debian:6.12 --arch arm64.',
      });
    }
    return [await ownKernel(image, options.modules)];
  }
  const kernels = new Map<string, Kernel>();
  const architectures = options.arch.map((name) => ({ arch: architectureNamed(name).name }));
  for (const specification of options.kernel.length > 0 ? options.kernel : ['debian']) {
    for (const arch of architectures.length > 0 ? architectures : [{}]) {
      const kernel = await obtainKernel(specification, {
        ...arch,
        signal,
        onFetch: () => screen.note(`Fetching kernel ${specification} …`),
      });
      kernels.set(kernel.release, kernel);
    }
  }
  return [...kernels.values()];
}

function showCommands(
  plan: PlannedRun[],
  specificationFor: (run: PlannedRun) => MachineSpecification,
  screen: Screen,
): number {
  const shown = new Set<string>();
  for (const run of plan) {
    if (run.skip !== null) {
      screen.stdout(`# ${run.id} would be skipped: ${run.skip.message}\n\n`);
      continue;
    }
    const list = machineArguments(specificationFor(run));
    const command = renderCommand([specificationFor(run).architecture.emulator, ...flatten(list)]);
    if (shown.has(command)) continue;
    shown.add(command);
    screen.stdout(`${command}\n\n`);
    for (const { flag, value, why } of list)
      screen.stdout(`# ${flag} ${value?.split(',')[0] ?? ''}: ${why}\n`);
    screen.stdout(
      '# Descriptors 3 to 6 are socket pairs to crashlab: NIC, QMP, agent, gdb stub; console.in and\n# console.out are named pipes.\n',
    );
  }
  return 0;
}

/** The folder of this run: the user's, or a new one below crashlab-runs/, which `latest` points to. */
async function openOut(wanted: string | undefined): Promise<string> {
  try {
    if (wanted !== undefined) {
      await makeFolder(wanted);
      return path.resolve(wanted);
    }
    const shelf = path.resolve('crashlab-runs');
    const name = new Date().toISOString().replaceAll(/[:.]/g, '-');
    await makeFolder(path.join(shelf, name));
    await rm(path.join(shelf, 'latest'), { force: true });
    await symlink(name, path.join(shelf, 'latest')).catch(() => undefined);
    return path.join(shelf, name);
  } catch (error) {
    throw hostError(error, 'making the folder for the report');
  }
}
