import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { sweepScratch } from '../../harness/host/scratch.ts';
import { processState } from '../machine/bare.ts';
import { processesNaming, renamedTemplate, stockTemplate } from './stock.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

/** Our modules as plain JavaScript: a process of its own can't run what vitest compiles. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'crashlab-test-'));
  await mkdir(path.join(folder, 'dist'));
  await writeFile(path.join(folder, 'package.json'), '{"type": "module"}');
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  const project = path.join(ROOT, 'tsconfig.json');
  const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
  execFileSync(tsc, ['--project', project, '--outDir', path.join(folder, 'dist')]);
});
afterAll(() => rm(folder, { recursive: true }));

test('when we are killed, our guest goes with us, and the next crashlab sweeps up', async () => {
  const place = path.join(folder, 'template');
  await mkdir(place);
  const template = await renamedTemplate(await stockTemplate(), place);
  const script = path.join(folder, 'start.js');
  await writeFile(path.join(folder, 'template.json'), JSON.stringify(template));
  await writeFile(
    script,
    `import { readFileSync } from 'node:fs';
     import { cloneTemplate } from './dist/harness/guest/template.js';
     const template = JSON.parse(readFileSync(new URL('template.json', import.meta.url), 'utf8'));
     const guest = await cloneTemplate(template, { signal: new AbortController().signal });
     await guest.agent.must('true', guest.signal);
     console.log(guest.qemu.pid);`,
  );
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  onTestFinished(async () => {
    if (isAlive(await processState(pid))) process.kill(pid, 'SIGKILL');
  });
  expect(['R', 'S']).toContain(await processState(pid));
  const scratch = async () =>
    (await readdir(tmpdir())).filter((name) => name.startsWith(`crashlab-${child.pid}-`));
  expect(await scratch()).toHaveLength(1);

  child.kill('SIGKILL');
  await ended;
  // The kernel kills it before anybody can see us gone; its memory takes a moment to unmap.
  for (let waitedMs = 0; isAlive(await processState(pid)) && waitedMs < 5000; waitedMs += 10) await after(10);
  expect(isAlive(await processState(pid))).toBe(false);
  expect(await processesNaming(template.folder)).toEqual([]);

  await sweepScratch();
  expect(await scratch()).toEqual([]);
});

/** A container's PID 1 may never reap it: a zombie has ended. */
const isAlive = (state: string | null) => state !== null && state !== 'Z' && state !== 'X';
