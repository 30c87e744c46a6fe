// npm run bench: the speed targets, as ratios measured in one run on one machine. Exit 1 when one is missed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildInitramfs } from '../../dist/images/initramfs.js';
import { obtainKernel } from '../../dist/images/kernel.js';
import { chooseScenarios, readCatalogue } from '../../dist/harness/lab/catalogue.js';
import { modulesOf, specificationOf } from '../../dist/harness/lab/guests.js';
import { workThrough } from '../../dist/harness/lab/lab.js';
import { planRuns } from '../../dist/harness/lab/plan.js';
import { acceleration } from '../../dist/harness/machine/accelerator.js';
import { flatten, machineArguments } from '../../dist/harness/machine/arguments.js';
import { obtainTemplate } from '../../dist/harness/guest/template.js';
import { crashBareClone } from './bare-clone.mjs';
import { measure, median } from './measure.mjs';

const CLI = fileURLToPath(new URL('../../dist/harness/cli.js', import.meta.url));
const RUNS = 30;
const FRESH_RUNS = 3;
const THROUGHPUT_RUNS = 60;

const out = mkdtempSync(path.join(tmpdir(), 'crashlab-bench-'));
process.on('exit', () => rmSync(out, { recursive: true, force: true }));
const { signal } = new AbortController();

const kernel = await obtainKernel('debian');
const cell = {
  kernel: kernel.release,
  arch: 'x86-64',
  nic: 'virtio-net',
  vcpus: 1,
  panic: 0,
  format: 'extended',
};
const initramfs = await buildInitramfs(kernel, modulesOf(cell));
const accelerated = await acceleration('qemu-system-x86_64', async () => ({
  kernel: kernel.image,
  initramfs,
}));
const specification = specificationOf(cell, kernel, initramfs, {
  acceleration: accelerated,
  wire: 'stream',
  append: '',
});
const scenarios = chooseScenarios(await readCatalogue(), ['sysrq-crash']);
const bootTimeoutMs = 120_000;

async function verdicts({ runs, jobs, fresh }) {
  const seconds = [];
  await workThrough(planRuns(scenarios, [cell], { repeat: runs, lacks: () => null }), {
    accelerationOf: () => accelerated,
    wire: 'stream',
    fresh,
    append: '',
    bootTimeoutMs,
    timeoutMs: 120_000,
    jobs,
    out,
    specificationOf: () => specification,
    labModuleOf: () => null,
    signal,
    onEvent: (event) => {
      if (event.type !== 'run') return;
      if (!event.expected) throw new Error(`not as expected: ${JSON.stringify(event)}`);
      seconds.push(event.seconds);
    },
  });
  return seconds;
}

async function command(list) {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [CLI, ...list], { stdio: 'ignore', cwd: out });
  let peakKiB = 0;
  const timer = setInterval(() => {
    try {
      peakKiB = Math.max(
        peakKiB,
        Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'))?.[1] ?? 0),
      );
    } catch {} // it has ended
  }, 10);
  await once(child, 'close');
  clearInterval(timer);
  return { seconds: (performance.now() - startedMs) / 1000, peakMiB: peakKiB / 1024 };
}

const template = await obtainTemplate(specification, {
  format: cell.format,
  qemu: accelerated.key,
  signal,
  bootTimeoutMs,
  onBoot: () => {},
});
await verdicts({ runs: 3, jobs: 1, fresh: false }); // caches warm

const clone = {
  ...specification,
  memory: { file: path.join(template.folder, 'memory'), share: false },
  incoming: true,
};
const bareCommand = [specification.architecture.emulator, ...flatten(machineArguments(clone))];
const bare = await measure(RUNS, () =>
  crashBareClone({ command: bareCommand, state: path.join(template.folder, 'state') }),
);
const warm = await measure(RUNS, () => verdicts({ runs: 1, jobs: 1, fresh: false }));
const batch = await measure(1, () => verdicts({ runs: RUNS, jobs: 1, fresh: false }));
const fresh = await measure(FRESH_RUNS, () => verdicts({ runs: 1, jobs: 1, fresh: true }));
const throughput = await measure(1, () => verdicts({ runs: THROUGHPUT_RUNS, jobs: 2, fresh: false }));
const help = [];
const single = [];
for (let run = 0; run < 10; run++) help.push((await command(['--help'])).seconds);
for (let run = 0; run < 5; run++)
  single.push((await command(['run', 'sysrq-crash', '--panic', '0'])).seconds);
await command(['run']);
const quick = await command(['run']);
const many = await command(['run', 'sysrq-crash', '--panic', '0', '--repeat', '60']);

const rows = [
  ['warm verdict, median s', median(warm.walls), '≤', 0.4],
  ['bare clone, median s', median(bare.walls)],
  ['warm / bare, wall', median(warm.walls) / median(bare.walls)],
  ['fresh verdict, median s', median(fresh.walls)],
  ['fresh / warm, wall', median(fresh.walls) / median(warm.walls), '≥', 12],
  ['CPU s per bare clone', bare.cpu],
  ['CPU s per verdict, one lab', batch.cpu / RUNS],
  ['verdict / bare, CPU', batch.cpu / RUNS / bare.cpu, '≤', 1.3],
  ['verdicts a minute, 2 jobs', (THROUGHPUT_RUNS / throughput.walls[0]) * 60, '≥', 180],
  ['our process, peak MiB', many.peakMiB, '≤', 200],
  ['crashlab --help, median s', median(help), '≤', 0.15],
  ['crashlab run, one scenario, median s', median(single), '≤', 2.5],
  ['crashlab run, the quick suite, s', quick.seconds, '≤', 60],
];
let missed = 0;
for (const [name, value, relation, target] of rows) {
  const met = relation === undefined ? undefined : relation === '≤' ? value <= target : value >= target;
  if (met === false) missed += 1;
  const goal = relation === undefined ? '' : `${relation} ${target}  ${met ? 'met' : 'MISSED'}`;
  console.log(`${name.padEnd(38)} ${value.toFixed(3).padStart(9)}  ${goal}`);
}
process.exitCode = missed > 0 ? 1 : 0;
