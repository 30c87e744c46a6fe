// npm run bench:field: the speed targets of listen and judge, measured in one run. Exit 1 when one is missed.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from './measure.mjs';

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const CLI = here('../../dist/harness/cli.js');
const fixture = (name) => readFileSync(here(`../oops/fixtures/${name}.txt`));
const SECONDS = 10;
const ROUNDS = 3;
const out = mkdtempSync(path.join(tmpdir(), 'crashlab-bench-'));
process.on('exit', () => rmSync(out, { recursive: true, force: true }));

const MESSAGES = 10_000_000;
const MESSAGES_A_SECOND = 100_000;

const statusMiB = (pid, field) =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
const peakMiB = (pid) => statusMiB(pid, 'VmHWM');

/** Runs what listens, and something that sends to it. Gives what both say, and the listener's peak of memory. */
async function against(listener, { rate, seconds = SECONDS }) {
  const child = spawn(process.execPath, listener, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (text) => (said += text));
  while (!/port (\d+)/.test(said)) await once(child.stdout, 'data');
  const [, port] = /port (\d+)/.exec(said);
  const sender = spawn('python3', [here('send.py'), port, String(seconds), String(rate)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Its memory, ten times a second.
  const memory = [];
  const timer = setInterval(() => memory.push(statusMiB(child.pid, 'VmRSS')), 100);
  let sent = '';
  sender.stdout.on('data', (text) => (sent += text));
  await once(sender, 'close');
  clearInterval(timer);
  const peak = peakMiB(child.pid);
  child.kill('SIGTERM');
  await once(child, 'close');
  return { said, sent: Number(sent), peak, memory };
}

async function listen(load) {
  const dir = mkdtempSync(path.join(out, 'logs-'));
  const list = ['listen', '--port', '0', '--dir', dir, '--rotate-size', '1000000'];
  // The lines of its standard output are those of the log: a person would not read them.
  const { sent, peak, memory } = await against([CLI, ...list, '--quiet'], load);
  const kept = readdirSync(dir)
    .filter((name) => name.endsWith('.log'))
    .map((name) => Number(execFileSync('grep', ['-c', 'usb 1-1', path.join(dir, name)])))
    .reduce((sum, count) => sum + count, 0);
  rmSync(dir, { recursive: true });
  return { sent, kept, peak, memory };
}

async function bare(load) {
  const { sent, said } = await against([here('bare-counter.mjs')], load);
  return { sent, kept: Number(said.trim().split('\n').at(-1)) };
}

/** A file of so many bytes, of one text again and again. */
function fileOf(name, text, bytes) {
  const file = path.join(out, name);
  const block = Buffer.concat(Array.from({ length: Math.ceil((1 << 22) / text.length) }, () => text));
  const descriptor = openSync(file, 'w');
  for (let at = 0; at < bytes; at += block.length) writeSync(descriptor, block);
  closeSync(descriptor);
  return file;
}

async function judge(file) {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [CLI, 'judge', file], { stdio: 'ignore' });
  let peak = 0;
  const timer = setInterval(() => {
    try {
      peak = Math.max(peak, peakMiB(child.pid) || 0);
    } catch {} // it has ended
  }, 20);
  await once(child, 'close');
  clearInterval(timer);
  return { rate: statSync(file).size / 1e6 / ((performance.now() - startedMs) / 1000), peak };
}

const rows = [];
const slow = await listen({ rate: 50_000 });
rows.push(['listen, 50 k/s: sent', slow.sent], ['listen, 50 k/s: lost', slow.sent - slow.kept, '≤', 0]);
for (const [name, rate] of [
  ['100 k/s', 100_000],
  ['unthrottled', 0],
]) {
  const ratios = [];
  let last;
  for (let round = 0; round < ROUNDS; round += 1) {
    const own = await listen({ rate });
    const other = await bare({ rate });
    ratios.push(own.kept / other.kept);
    last = { own, other };
  }
  rows.push(
    [`listen, ${name}: sent a second`, last.own.sent / SECONDS],
    [`listen, ${name}: kept a second`, last.own.kept / SECONDS],
    [`bare dgram, ${name}: kept a second`, last.other.kept / SECONDS],
    [`listen / bare, ${name}`, median(ratios), '≥', 1],
    [`listen, ${name}: peak MiB`, last.own.peak],
  );
}
const long = await listen({ rate: MESSAGES_A_SECOND, seconds: MESSAGES / MESSAGES_A_SECOND });
const fifth = Math.floor(long.memory.length / 5);
const early = Math.max(...long.memory.slice(0, fifth));
rows.push(
  ['listen, long: sent', long.sent],
  ['listen, long: lost', long.sent - long.kept],
  ['listen, long: MiB in its first fifth', early],
  ['listen, long: later peak / that', Math.max(...long.memory.slice(fifth)) / early, '≤', 1.1],
);
const clean = await judge(fileOf('clean.log', fixture('6.12/boot'), 200e6));
const dense = await judge(fileOf('dense.log', fixture('6.12/task-panics'), 40e6));
rows.push(
  ['judge, clean log, MB/s', clean.rate, '≥', 30],
  ['judge, dense crash text, MB/s', dense.rate, '≥', 10],
);
const large = await judge(fileOf('large.log', fixture('6.12/boot'), 2e9));
rows.push(['judge, 2 GB, MB/s', large.rate], ['judge, 2 GB: peak MiB', large.peak, '≤', 300]);

let missed = 0;
for (const [name, value, relation, target] of rows) {
  const met = relation === undefined ? undefined : relation === '≤' ? value <= target : value >= target;
  if (met === false) missed += 1;
  const goal = relation === undefined ? '' : `${relation} ${target}  ${met ? 'met' : 'MISSED'}`;
  console.log(`${name.padEnd(38)} ${value.toFixed(3).padStart(12)}  ${goal}`);
}
process.exitCode = missed > 0 ? 1 : 0;
