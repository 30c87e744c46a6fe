import type { Guest } from '../guest/guest.ts';
import type { KernelView } from '../guest/kernel-view.ts';
import { watchStarvation } from '../guest/starvation.ts';
import { conclude, type Conclusion } from './conclude.ts';
import { type Evidence, takeEvidence } from './evidence.ts';
import { scenarioGuest } from './hand.ts';
import { placeMarker } from './marker.ts';
import { firstEnd, lastEnd, type RunEnd } from './observe.ts';
import type { Cell, Measurement } from './record.ts';
import type { Scenario, ScenarioGuest } from './scenario.ts';

/** A guest that is up, in its cell; everything waits until `signal` at most. */
export interface Scene {
  guest: Guest;
  kernel: KernelView;
  cell: Cell;
  signal: AbortSignal;
  /** File of the lab module; absent where none was asked for. */
  labModule?: string | null;
}

/** What an experiment came to; the guest is stopped, its evidence taken. */
export interface Outcome {
  conclusion: Conclusion;
  evidence: Evidence;
  end: RunEnd;
  measurements: Measurement[];
}

/** From its marker on, everything the guest says must arrive. */
export interface Experiment {
  hand: ScenarioGuest;
  /** Waits for the end, takes the evidence and judges. Throws when there is no verdict. */
  end: (scenario: Pick<Scenario, 'expect' | 'measure' | 'check'>) => Promise<Outcome>;
}

/** Prepares the guest and writes the marker. Errors: NETCONSOLE_SILENT. */
export async function beginExperiment(
  scene: Scene,
  prepare?: (context: { guest: ScenarioGuest }) => Promise<void>,
): Promise<Experiment> {
  const { guest, kernel, cell, signal } = scene;
  const hand = scenarioGuest(scene);
  await prepare?.({ guest: hand });
  const marker = await placeMarker(guest, cell, signal);
  const starvation = await watchStarvation(guest);

  const end: Experiment['end'] = async ({ expect, measure, check }) => {
    const look = async (how: RunEnd): Promise<Outcome> => {
      const evidence = await takeEvidence(guest, kernel);
      const conclusion = conclude(expect, { cell, facts: kernel.facts, evidence, marker, end: how });
      const { wire, serial, written } = conclusion;
      const { wire: arrived, serial: console } = evidence;
      const seen = { guest: hand, wire, serial, written, arrived, console, memory: guest.memory };
      conclusion.differences.push(...((await check?.(seen)) ?? []));
      return { evidence, end: how, conclusion, measurements: measure?.(seen) ?? [] };
    };
    const first = await firstEnd(guest, expect.ends, { signal, onLastLine: starvation.stop });
    signal.throwIfAborted();
    const early = await look(first);
    const { wire, serial, oops } = early.conclusion;
    if (wire.status === 'complete' && serial.status === 'complete') return early;
    await guest.qemu.qmp.execute('cont').catch(() => undefined);
    const promised = cell.panic !== 0 && oops.panic !== null;
    const resetsAfterMs = promised ? Math.max(cell.panic, 0) * 1000 : null;
    const last = await lastEnd(guest, { first, resetsAfterMs }, signal);
    signal.throwIfAborted();
    const outcome = await look(last);
    const { wire: final, differences } = outcome.conclusion;
    // A starved host can lose records; it can't change what a guest died of, nor make a known loss vanish.
    if (final.status === 'incomplete' && differences.length > 0) starvation.refuse();
    return outcome;
  };
  return { hand, end };
}
