import { randomUUID } from 'node:crypto';
import { crashAt } from '../guest/crash-at.ts';
import { type Guest, withDeadline } from '../guest/guest.ts';
import { watchStarvation } from '../guest/starvation.ts';
import type { KernelView } from '../guest/kernel-view.ts';
import { CrashlabError } from '../host/error.ts';
import { firstEnd, lastEnd, type RunEnd } from './observe.ts';
import { type Evidence, takeEvidence } from './evidence.ts';
import { conclude, type Conclusion } from './conclude.ts';
import type { Cell, Measurement } from './record.ts';
import type { Scenario, ScenarioGuest } from './scenario.ts';

/** What a run came to; the guest is stopped, its evidence taken. */
export interface Outcome {
  conclusion: Conclusion;
  evidence: Evidence;
  end: RunEnd;
  measurements: Measurement[];
}

const TRIGGER_TIMEOUT_MS = 30_000;
const MARKER_TIMEOUT_MS = 10_000;

/** Runs a scenario on a guest that is up: marker, trigger, end, truth, verdict. Throws when there is no verdict. */
export async function execute(
  scenario: Scenario,
  cell: Cell,
  { guest, kernel, timeoutMs }: { guest: Guest; kernel: KernelView; timeoutMs: number },
): Promise<Outcome> {
  using deadline = withDeadline(guest.signal, timeoutMs, () => tooLong(timeoutMs));
  const { signal } = deadline;
  const hand = scenarioGuest(guest, kernel, cell, signal);
  const marker = `crashlab: marker ${randomUUID()}`;
  await scenario.prepare?.({ guest: hand });
  await placeMarker(guest, cell, marker, signal);
  const starvation = await watchStarvation(guest);
  await scenario.run({ guest: hand });

  const look = async (end: RunEnd): Promise<Outcome> => {
    const evidence = await takeEvidence(guest, kernel);
    const conclusion = conclude(scenario, { cell, facts: kernel.facts, evidence, marker, end });
    const measurements = scenario.measure?.({ guest: hand, ...conclusion }) ?? [];
    return { evidence, end, conclusion, measurements };
  };
  const first = await firstEnd(guest, scenario, { signal, onLastLine: starvation.stop });
  signal.throwIfAborted();
  const early = await look(first);
  if (early.conclusion.wire.status === 'complete' && early.conclusion.serial.status === 'complete')
    return early;
  await guest.qemu.qmp.execute('cont').catch(() => undefined);
  const promised = cell.panic !== 0 && early.conclusion.oops.panic !== null;
  const last = await lastEnd(
    guest,
    { first, resetsAfterMs: promised ? Math.max(cell.panic, 0) * 1000 : null },
    signal,
  );
  signal.throwIfAborted();
  const outcome = await look(last);
  const { wire, differences } = outcome.conclusion;
  // A starved host can lose records; it can't change what a guest died of, nor make a known loss vanish.
  if (wire.status === 'incomplete' && differences.length > 0) starvation.refuse();
  return outcome;
}

/**
 * Writes the marker and waits until it is on the wire: a netconsole that is silent before the crash proves
 * nothing about it. The answer of one more command shows that the NIC's own work for it is over as well.
 */
async function placeMarker(guest: Guest, cell: Cell, marker: string, signal: AbortSignal): Promise<void> {
  using deadline = withDeadline(signal, MARKER_TIMEOUT_MS, silentNetconsole);
  await guest.agent.must(
    `echo ${cell.panic} > /proc/sys/kernel/panic && echo "<6>${marker}" > /dev/kmsg`,
    deadline.signal,
  );
  const seen = packetSearch(guest, marker);
  while (!seen()) {
    deadline.signal.throwIfAborted();
    await guest.activity.next(MARKER_TIMEOUT_MS, deadline.signal);
  }
  await guest.agent.must('true', deadline.signal);
}

/** Says whether a packet with this text has come; looks at each packet once. */
function packetSearch(guest: Guest, text: string): () => boolean {
  let looked = 0;
  return () => {
    const packets = guest.socket ? guest.socket.datagrams : guest.segment.frames;
    for (; looked < packets.length; looked++) {
      const packet = packets[looked];
      const bytes = packet && ('bytes' in packet ? packet.bytes : packet.payload);
      if (bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(text)) return true;
    }
    return false;
  };
}

function silentNetconsole(): CrashlabError {
  return new CrashlabError(
    'guest',
    'NETCONSOLE_SILENT',
    'The marker before the trigger never came over netconsole: it is not working in this guest.',
    {
      advice: 'Look at serial.log in the evidence for what netconsole said when it was set up.',
    },
  );
}

function tooLong(timeoutMs: number): CrashlabError {
  return new CrashlabError('guest', 'RUN_TIMEOUT', `The run was not over after ${timeoutMs / 1000} s.`, {
    advice: 'Give it longer with --timeout SECONDS; the evidence shows how far it came.',
  });
}

function scenarioGuest(guest: Guest, kernel: KernelView, cell: Cell, signal: AbortSignal): ScenarioGuest {
  const { agent, qemu } = guest;
  return {
    facts: kernel.facts,
    cell,
    run: (command) => agent.must(command, signal),
    kill: (command) => void agent.send(command),
    async pressKeys(...keys) {
      await qemu.qmp.execute('send-key', { keys: keys.map((data) => ({ type: 'qcode', data })) });
    },
    async injectNmi() {
      await qemu.qmp.execute('inject-nmi');
    },
    async crashAt(symbol, { provoke } = {}) {
      await crashAt(guest, kernel, typeof symbol === 'string' ? [symbol] : symbol, {
        waitMs: TRIGGER_TIMEOUT_MS,
        ...(provoke === undefined ? {} : { meanwhile: () => void agent.send(provoke) }),
      });
    },
  };
}
