import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { KernelView } from '../guest/kernel-view.ts';
import { type Guest, withDeadline } from '../guest/guest.ts';
import { orAborted } from '../guest/settling.ts';
import { CrashlabError } from '../host/error.ts';
import { shownText } from '../printk/byte-string.ts';
import type { Judgement } from '../verdict/judgement.ts';
import { timelineOf } from './build-timeline.ts';
import { type Evidence, takeEvidence, writeEvidence } from './evidence.ts';
import { execute } from './execute.ts';
import type { Outcome } from './experiment.ts';
import type { PlannedRun } from './plan.ts';
import type { Run, WitnessVerdict } from './record.ts';
import { CellLacks } from './skip.ts';
import type { Timeline } from './timeline.ts';

const TEXT_SHOWN = 200;

/** Makes one run from guest to record; an error becomes an infrastructure outcome, never a verdict. */
export async function runOne(
  planned: PlannedRun,
  options: {
    /** `onFailure` is to be called with a guest that did not come up. */
    make: (onFailure: (guest: Guest) => void) => Promise<{ guest: Guest; kernel: KernelView }>;
    /** Folder of the whole record. */
    out: string;
    timeoutMs: number;
    /** Whether other guests may run beside it. */
    crowded?: boolean;
    /** File of the lab module, for scenarios that need it. */
    labModule: string | null;
  },
): Promise<Run> {
  const startedMs = performance.now();
  const evidence = path.join('evidence', planned.id);
  const base = {
    type: 'run' as const,
    id: planned.id,
    scenario: planned.scenario.name,
    cell: planned.cell,
    repetition: planned.repetition,
  };
  const { skip } = planned;
  if (skip !== null) return { ...base, outcome: 'skipped', expected: true, reason: skip, seconds: 0 };
  const folder = path.join(options.out, evidence);
  let failed: Guest | null = null;
  const kept: { evidence?: string } = {};
  const keep = async (guest: Guest, taken: Evidence | null, timeline: Timeline | null = null) => {
    await writeEvidence(folder, guest, taken, timeline);
    kept.evidence = evidence;
  };
  const seconds = () => Math.round(performance.now() - startedMs) / 1000;
  try {
    // Of a first attempt, or of another run with the same --out.
    await rm(folder, { recursive: true, force: true });
    const { guest, kernel } = await options
      .make((one) => (failed = one))
      .catch(async (error: unknown) => {
        if (failed) await keep(failed, null);
        throw error;
      });
    await using _ = guest;
    let outcome: Outcome;
    let latest: Evidence | null = null;
    const onEvidence = (taken: Evidence) => (latest = taken);
    try {
      const { scenario } = planned.scenario;
      const { timeoutMs, labModule, crowded = false } = options;
      const context = { guest, kernel, timeoutMs, labModule, crowded, onEvidence };
      outcome = await execute(scenario, planned.cell, context);
    } catch (error) {
      const missed = error instanceof CrashlabError && error.code === 'TRIGGER_MISSED';
      await keep(guest, latest ?? (missed ? await lastLook(guest, kernel) : null));
      throw error;
    }
    const took = seconds();
    const { conclusion, measurements, moments } = outcome;
    const { truth } = conclusion;
    const timeline = truth && timelineOf(truth, outcome.evidence, conclusion, moments);
    await keep(guest, outcome.evidence, timeline);
    return {
      ...base,
      ...kept,
      seconds: took,
      ...(measurements.length === 0 ? {} : { measurements }),
      ...verdictOf(outcome),
    };
  } catch (error) {
    if (error instanceof CellLacks) {
      const { message } = error;
      const reason = { code: 'GUEST_LACKS', message };
      return { ...base, ...kept, outcome: 'skipped', expected: true, reason, seconds: seconds() };
    }
    return {
      ...base,
      ...kept,
      outcome: 'infrastructure',
      expected: false,
      reason: reasonFor(error),
      seconds: seconds(),
    };
  }
}

const LAST_LOOK_MS = 10_000;

/** What a guest wrote that didn't do what it should is the only trace of why; one that can't be read leaves none. */
async function lastLook(guest: Guest, kernel: KernelView): Promise<Evidence | null> {
  using patience = withDeadline(guest.signal, LAST_LOOK_MS, noLook);
  return await orAborted(takeEvidence(guest, kernel), patience.signal).catch(() => null);
}

const noLook = () => new CrashlabError('guest', 'RUN_TIMEOUT', 'The guest could not be looked at any more.');

function verdictOf({ conclusion }: Outcome) {
  const { oops, wire, serial, expectation, differences, news } = conclusion;
  const isNews = differences.length > 0 && differences.every((difference) => news.includes(difference));
  return {
    outcome: 'verdict' as const,
    expected: differences.length === 0,
    wire: witness(wire),
    serial: witness(serial),
    oops: { kind: oops.kind, context: oops.context, terminated: oops.terminated, title: oops.title },
    expectation,
    differences,
    ...(isNews ? { news: true as const } : {}),
  };
}

function witness(judgement: Judgement): WitnessVerdict {
  return {
    ...judgement,
    lost: judgement.lost.map((loss) => ({ ...loss, text: shownText(loss.text).slice(0, TEXT_SHOWN) })),
  };
}

function reasonFor(error: unknown): Extract<Run, { outcome: 'infrastructure' }>['reason'] {
  if (error instanceof CrashlabError) {
    const { blame, code, message, advice } = error;
    return { blame, code, message, ...(advice === undefined ? {} : { advice }) };
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    blame: 'lab',
    code: 'LAB_BUG',
    message: `crashlab itself failed: ${detail}`,
    advice: 'Please report it with this text and the evidence.',
  };
}
