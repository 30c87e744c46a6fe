import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { isRunning } from '../../harness/host/store.ts';
import { runOne } from '../../harness/lab/run-one.ts';
import type { Run } from '../../harness/lab/record.ts';
import { type Scenario, scenario } from '../../harness/lab/scenario.ts';
import { livingGuest } from '../end-to-end/living-guest.ts';
import { temporaryFolder } from '../host/temporary.ts';

const crash: Scenario['run'] = async ({ guest }) => guest.kill('echo c > /proc/sysrq-trigger');
/** What the trigger should have done does not come about. */
const inVain: Scenario['run'][] = [
  async ({ guest }) => await guest.until(/never said/, 0.2),
  async ({ guest }) => guest.missed('Nothing happened.'),
];
const panics: Scenario['expect'] = { kind: 'panic', ends: 'panic' };

async function made(definition: Partial<Scenario>, folder?: string): Promise<{ run: Run; evidence: string }> {
  const one = scenario({
    title: 't',
    why: 'w',
    needs: [],
    run: async () => undefined,
    expect: panics,
    ...definition,
  });
  const out = folder ?? (await temporaryFolder());
  const { guest, kernel, cell } = await livingGuest();
  const run = await runOne(
    { id: 'one', scenario: { name: 'one', scenario: one }, cell, repetition: 1, skip: null },
    { make: async () => ({ guest, kernel }), out, timeoutMs: 60_000, labModule: null },
  );
  return { run, evidence: path.join(out, run.evidence ?? 'nowhere') };
}

describe('a run whose trigger hits nothing', () => {
  test('is soon found out, is no verdict, and its ring buffer is there to look at', async () => {
    const { run, evidence } = await made({});
    expect(run).toMatchObject({ outcome: 'infrastructure', reason: { code: 'TRIGGER_MISSED' } });
    // Silence alone would have to last 18 s: the guest was asked.
    expect(run.seconds).toBeLessThan(15);
    expect(await readFile(path.join(evidence, 'ring.txt'), 'latin1')).toContain('crashlab: marker');
  });

  test('is the same when the scenario itself finds it out, or waits in vain', async () => {
    for (const run of inVain) {
      const missed = await made({ run });
      expect(missed.run).toMatchObject({ outcome: 'infrastructure', reason: { code: 'TRIGGER_MISSED' } });
      expect(await readFile(path.join(missed.evidence, 'ring.txt'), 'latin1')).toContain('crashlab: marker');
    }
  });

  test('is the same when a record should prove the precondition, and none does', async () => {
    const missed = await made({ run: crash, expect: { ...panics, says: /all memory is gone/ } });
    expect(missed.run).toMatchObject({ outcome: 'infrastructure', reason: { code: 'TRIGGER_MISSED' } });
    const hit = await made({ run: crash, expect: { ...panics, says: /^sysrq: Trigger a crash$/ } });
    expect(hit.run).toMatchObject({ outcome: 'verdict', expected: true });
  });
});

test('a QEMU that hangs ends with the run’s time, and nothing of it is left', async () => {
  const { guest, kernel, cell } = await livingGuest();
  const { pid } = guest.qemu;
  const one = scenario({
    title: 't',
    why: 'w',
    needs: [],
    async run({ guest: hand }) {
      hand.kill('echo c > /proc/sysrq-trigger');
      await hand.until(/end Kernel panic/, 20);
      process.kill(pid, 'SIGSTOP');
    },
    expect: panics,
  });
  const out = await temporaryFolder();
  const run = await runOne(
    { id: 'one', scenario: { name: 'one', scenario: one }, cell, repetition: 1, skip: null },
    { make: async () => ({ guest, kernel }), out, timeoutMs: 8000, labModule: null },
  );
  expect(run).toMatchObject({ outcome: 'infrastructure', reason: { code: 'RUN_TIMEOUT' } });
  expect(await isRunning(pid)).toBe(false);
  const serial = await readFile(path.join(out, run.evidence ?? 'nowhere', 'serial.log'), 'latin1');
  expect(serial).toContain('end Kernel panic');
});

test('evidence of an earlier run in the same folder is gone', async () => {
  const out = await temporaryFolder();
  const stale = path.join(out, 'evidence/one/wire-faults.jsonl');
  await mkdir(path.dirname(stale), { recursive: true });
  await writeFile(stale, '{}');
  const { evidence } = await made({}, out);
  expect(path.dirname(stale)).toBe(evidence);
  expect(await readdir(evidence)).not.toContain('wire-faults.jsonl');
});

test('a guest that turns out to lack something is skipped with the reason', async () => {
  const { run } = await made({
    run: async ({ guest }) => guest.lacks('It has no such thing.'),
  });
  expect(run).toMatchObject({
    outcome: 'skipped',
    expected: true,
    reason: { code: 'GUEST_LACKS', message: 'It has no such thing.' },
  });
});

test('what a scenario measures and checks is in its record', async () => {
  const { run } = await made({
    run: async ({ guest }) => {
      await guest.run('echo "the 42nd" > /dev/kmsg');
    },
    measure: ({ written }) => [{ name: 'records', unit: 'records', value: written.length }],
    check: ({ arrived }) => {
      const texts = [...arrived.records.values()].flatMap((copies) => copies.map(({ text }) => text));
      return texts.includes('the 42nd') ? ['It should not have arrived.'] : [];
    },
    expect: { kind: 'none', ends: 'alive' },
  });
  expect(run).toMatchObject({
    outcome: 'verdict',
    expected: false,
    differences: ['It should not have arrived.'],
    measurements: [{ name: 'records', unit: 'records', value: 2 }],
  });
});
