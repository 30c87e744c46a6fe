import type { Guest } from '../guest/guest.ts';
import type { KernelView } from '../guest/kernel-view.ts';
import { watchStarvation } from '../guest/starvation.ts';
import { buildLedger, type Ledger } from '../netconsole/ledger.ts';
import { conclude, type Conclusion } from './conclude.ts';
import { type Evidence, takeEvidence } from './evidence.ts';
import { scenarioGuest } from './hand.ts';
import { placeMarker } from './marker.ts';
import { type Moment, momentsOf, noting } from './moments.ts';
import { firstEnd, lastEnd, type RunEnd, soon } from './observe.ts';
import type { Cell, Measurement } from './record.ts';
import type { Scenario, ScenarioGuest, Seen } from './scenario.ts';
import { clockMs } from '../wire/segment.ts';
import type { TimedFrame } from '../wire/timed-frame.ts';
import { decodeUdp, type UdpDatagram } from '../wire/udp.ts';

/** A guest that is up, in its cell; everything waits until `signal` at most. */
export interface Scene {
  guest: Guest;
  kernel: KernelView;
  cell: Cell;
  signal: AbortSignal;
  /** Called with the evidence whenever some was taken, whatever is concluded from it. */
  onEvidence?: (evidence: Evidence) => void;
  /** Whether other guests may run beside it. */
  crowded?: boolean;
  /** File of the lab module; absent where none was asked for. */
  labModule?: string | null;
}

/** What an experiment came to; the guest is stopped, its evidence taken. */
export interface Outcome {
  conclusion: Conclusion;
  evidence: Evidence;
  end: RunEnd;
  measurements: Measurement[];
  /** What happened since the marker. */
  moments: readonly Moment[];
}

/** From its marker on, everything the guest says must arrive. */
export interface Experiment {
  hand: ScenarioGuest;
  /** Waits for the end, takes the evidence and judges. Throws when there is no verdict. */
  end: (scenario: Pick<Scenario, 'expect' | 'measure' | 'check'>) => Promise<Outcome>;
}

/** Prepares the guest and writes the marker. Errors: NETCONSOLE_SILENT, RING_UNREADABLE. */
export async function beginExperiment(
  scene: Scene,
  prepare?: (context: { guest: ScenarioGuest }) => Promise<void>,
): Promise<Experiment> {
  const { guest, kernel, cell, signal, crowded = false } = scene;
  const acts: Moment[] = [];
  const hand = noting(scenarioGuest(scene), (name) => acts.push({ atMs: clockMs(), name }));
  // While it lives: a dead guest's memory may be torn. Once for all clones of a template.
  await kernel.vmcoreInfo(guest.memory);
  await prepare?.({ guest: hand });
  const marker = await placeMarker(guest, cell, signal);
  const begunMs = clockMs();
  const starvation = watchStarvation(guest);

  const end: Experiment['end'] = async ({ expect, measure, check }) => {
    const look = async (how: RunEnd): Promise<Outcome> => {
      const evidence = await takeEvidence(guest, kernel);
      scene.onEvidence?.(evidence);
      const { facts } = kernel;
      const { probed } = hand;
      const conclusion = conclude(expect, { cell, facts, probed, evidence, marker, end: how });
      const { wire, serial, written } = conclusion;
      const datagrams = udpFromGuest(evidence.frames);
      const seen: Seen = {
        guest: hand,
        wire,
        serial,
        written,
        arrived: evidence.wire,
        console: evidence.serial,
        datagrams,
        arrivedAt: (port) => ledgerAt(port, datagrams),
        read: (address, length) => kernel.readVirtual(guest.memory, address, length),
      };
      const checked = (await check?.(seen)) ?? [];
      conclusion.differences.push(...checked);
      conclusion.arrivalDiffers ||= checked.length > 0;
      const moments = momentsOf(guest, acts, begunMs);
      return { evidence, end: how, conclusion, measurements: measure?.(seen) ?? [], moments };
    };
    const first = await firstEnd(guest, expect.ends, { signal, onLastLine: starvation.stop });
    signal.throwIfAborted();
    let early = await look(first);
    if (isComplete(early)) return early;
    await guest.qemu.qmp.execute('cont').catch(() => undefined);
    if (first === 'alive') {
      await soon(guest, signal);
      early = await look(first);
      if (isComplete(early)) return early;
      await guest.qemu.qmp.execute('cont').catch(() => undefined);
    }
    const { oops } = early.conclusion;
    const promised = cell.panic !== 0 && oops.panic !== null;
    const resetsAfterMs = promised ? Math.max(cell.panic, 0) * 1000 : null;
    const last = await lastEnd(guest, { first, resetsAfterMs }, signal);
    signal.throwIfAborted();
    const outcome = await look(last);
    const { wire: final, arrivalDiffers } = outcome.conclusion;
    // A starved host can lose records; it can't tear or double one, do what the wire was made to do, change what a
    // guest died of, nor make a known loss vanish.
    const unexplained = final.lost.some(({ where }) => where !== 'lost on the wire');
    if (unexplained && arrivalDiffers) await starvation.refuse({ crowded });
    return outcome;
  };
  return { hand, end };
}

function isComplete({ conclusion: { wire, serial } }: Outcome): boolean {
  return wire.status === 'complete' && serial.status === 'complete';
}

/** Of a further target: its times are those of nobody. */
function ledgerAt(port: number, datagrams: readonly UdpDatagram[]): Ledger {
  const own = datagrams.filter(
    ({ destination, checksum }) => destination.port === port && checksum !== 'bad',
  );
  return buildLedger(own.map(({ payload }) => ({ payload, atMs: 0 })));
}

function udpFromGuest(frames: readonly TimedFrame[]): UdpDatagram[] {
  return frames.flatMap(({ direction, bytes }) => {
    const decoded = direction === 'from guest' ? decodeUdp(bytes) : null;
    return decoded?.kind === 'udp' ? [decoded] : [];
  });
}
