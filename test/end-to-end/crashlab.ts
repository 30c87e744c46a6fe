import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { onTestFinished } from 'vitest';
import { isRunning } from '../../harness/host/store.ts';
import { Run } from '../../harness/lab/record.ts';

/** The built program, as users run it. */
export const CLI = fileURLToPath(new URL('../../dist/harness/cli.js', import.meta.url));

/** Kernels that the tests run on; 7.x comes from sid, because no release has one yet. */
export const KERNELS = {
  '6.1': ['--kernel', 'debian:6.1@bookworm'],
  '6.12': ['--kernel', 'debian:6.12@trixie'],
  '7.x': ['--kernel', 'debian:7@sid'],
} as const;

/** What a command printed, and its exit code. */
export interface Finished {
  stdout: string;
  stderr: string;
  code: number;
}

/** Runs crashlab to its end. */
export async function crashlab(
  list: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Finished> {
  const run = promisify(execFile);
  const env = { ...process.env, ...options.env };
  try {
    const { stdout, stderr } = await run(process.execPath, [CLI, ...list], {
      ...options,
      env,
      maxBuffer: 1 << 28,
    });
    return { stdout, stderr, code: 0 };
  } catch (error) {
    const failed = v.parse(v.object({ stdout: v.string(), stderr: v.string(), code: v.number() }), error);
    return failed;
  }
}

const Document = v.object({ version: v.number(), runs: v.array(Run), exit: v.number() });

/** `crashlab run --json`, its document parsed. */
export async function runJson(
  list: readonly string[],
): Promise<v.InferOutput<typeof Document> & { out: string }> {
  const out = await temporaryFolder();
  const { stdout, stderr } = await crashlab(['run', '--json', '--out', out, ...list]);
  if (!stdout) throw new Error(`crashlab printed no document: ${stderr}`);
  return { ...v.parse(Document, JSON.parse(stdout)), out };
}

/** A folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'lab-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The guests a crashlab process has right now: pids. */
export async function guestsOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1');
  const pids = children.trim().split(' ').filter(Boolean).map(Number);
  // What it starts for a moment is no guest.
  const names = await Promise.all(
    pids.map((child) => readFile(`/proc/${child}/comm`, 'latin1').catch(() => '')),
  );
  return pids.filter((_, at) => names[at]?.startsWith('qemu-system'));
}

/** What is left of a crashlab process and its guests: scratch folders, and guests that still run. */
export async function leftovers(pid: number, guests: readonly number[]): Promise<string[]> {
  const folders = (await readdir(tmpdir())).filter((name) => name.startsWith(`crashlab-${pid}-`));
  const running = await Promise.all(guests.map(isRunning));
  return [...folders, ...guests.filter((_, index) => running[index]).map(String)];
}
