import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { type Guest, withDeadline } from '../guest/guest.ts';
import { CrashlabError } from '../host/error.ts';
import type { Cell } from './record.ts';
import { untilSent } from './sent.ts';

const MARKER_TIMEOUT_MS = 10_000;

/**
 * Writes the marker and waits until it is on the wire: a netconsole that is silent before the crash proves
 * nothing about it. Gives its text. The answer of one more command shows that the NIC's own work for it is over as well.
 */
export async function placeMarker(guest: Guest, cell: Cell, signal: AbortSignal): Promise<string> {
  const marker = `crashlab: marker ${randomUUID()}`;
  using deadline = withDeadline(signal, MARKER_TIMEOUT_MS, () => silentNetconsole(guest));
  // Guests come up with 0 (guest/boot.ts); a write costs a clone a tenth of all its time.
  const setPanic = cell.panic === 0 ? '' : `echo ${cell.panic} > /proc/sys/kernel/panic && `;
  await guest.agent.must(`${setPanic}echo "<6>${marker}" > /dev/kmsg`, deadline.signal);
  await untilSent(guest, marker, deadline.signal);
  await guest.agent.must('true', deadline.signal);
  return marker;
}

function silentNetconsole({ specification: { incoming, memory } }: Guest): CrashlabError {
  // Of a template's RAM only the size is looked at before each use: reading all of it would take longer than a clone.
  const template = incoming && memory ? path.dirname(memory.file) : null;
  const anew =
    template === null ? '' : ` Every clone? Its template may be damaged: delete ${template}, or use --fresh.`;
  return new CrashlabError(
    'guest',
    'NETCONSOLE_SILENT',
    'The marker before the trigger never came over netconsole: it is not working in this guest.',
    {
      advice: `Look at serial.log in the evidence for what netconsole said when it was set up.${anew}`,
    },
  );
}
