import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readUnfinished } from '../../harness/commands/resume.ts';
import type { RecordEvent, StartEvent } from '../../harness/lab/record.ts';
import { temporaryFolder } from '../end-to-end/crashlab.ts';
import { begin, end, lost, start, verdict } from '../report/build.ts';

const DONE = verdict('sysrq-crash', { wire: lost(3) });
const PLAN = ['sysrq-crash', 'nmi-panic', 'init-exits'].map((scenario) => verdict(scenario).id);

/** The start of a run like `start()`, but for what is said. */
function now(changes: Partial<StartEvent> = {}): StartEvent {
  const event = start(PLAN.length);
  if (event.type !== 'start') throw new Error('not a start');
  return { ...event, started: '2026-10-12T08:00:00.000Z', ...changes };
}

async function unfinished(
  events: RecordEvent[],
  options: { now?: StartEvent; planned?: readonly string[]; rest?: string } = {},
) {
  const file = path.join(await temporaryFolder(), 'run.jsonl');
  await writeFile(file, events.map((event) => `${JSON.stringify(event)}\n`).join('') + (options.rest ?? ''));
  return readUnfinished(file, {
    now: options.now ?? now(),
    planned: new Set(options.planned ?? PLAN),
  });
}

const STOPPED = [start(PLAN.length), begin('sysrq-crash'), begin('nmi-panic'), DONE];

describe('a run that was stopped', () => {
  test('is gone on with: what has an outcome is kept, what was begun only is made anew', async () => {
    const { events, done, seconds } = await unfinished([...STOPPED, end(21.5, true)]);
    expect([...done]).toEqual([DONE.id]);
    expect(events.map(({ type }) => type)).toEqual(['start', 'begin', 'run']);
    expect(events[0]).toEqual({ ...start(PLAN.length), resumed: ['2026-10-12T08:00:00.000Z'] });
    expect(events[2]).toEqual(DONE);
    expect(seconds).toBe(21.5);
  });

  test('and killed as it wrote, has lost that line alone', async () => {
    const { done, seconds } = await unfinished(STOPPED, { rest: '{"type":"run","id":"nm' });
    expect([...done]).toEqual([DONE.id]);
    expect(seconds).toBe(0);
  });

  test.each([
    ['another kernel', { planned: PLAN.slice(1) }, `it has ${DONE.id}, which is not planned now`],
    ['other repetitions', { now: now({ runs: 30 }) }, 'it planned 3 runs, not 30'],
    ['another crashlab', { now: now({ crashlab: '0.2.0' }) }, 'it was made by crashlab 0.1.0, not 0.2.0'],
    [
      'another host',
      { now: now({ host: { accelerator: 'tcg', qemu: 'QEMU 10.0.13', cpus: 2 } }) },
      'it was made with QEMU 7.2.22, tcg, 2 CPUs, not with QEMU 10.0.13, tcg, 2 CPUs',
    ],
    [
      'another wire',
      { now: now({ guests: { wire: 'udp', fresh: false, append: '' } }) },
      'its --wire, --fresh, --append or own kernel was another',
    ],
  ])('is not gone on with on %s', async (_, options, how) => {
    await expect(unfinished(STOPPED, options)).rejects.toMatchObject({
      code: 'RESUME_DIFFERS',
      message: `That run can’t be gone on with: ${how}.`,
    });
  });
});

test('a folder without a record is nothing to go on with', async () => {
  const file = path.join(await temporaryFolder(), 'run.jsonl');
  await expect(readUnfinished(file, { now: now(), planned: new Set() })).rejects.toMatchObject({
    code: 'RESUME_NOTHING',
    blame: 'usage',
  });
});
