import path from 'node:path';
import type { CrashlabError } from '../host/error.ts';
import { flatten, machineArguments, type MachineSpecification } from '../machine/arguments.ts';
import { describeEnding, type Qemu, startQemu } from '../machine/qemu.ts';
import type { QmpEvent } from '../machine/qmp.ts';
import type { PhysicalMemory } from '../printk/memory.ts';
import { hostAt } from '../wire/responder.ts';
import { clockMs, Segment } from '../wire/segment.ts';
import { UdpWitness } from '../wire/udp-socket.ts';
import { Activity } from './activity.ts';
import { Agent } from './agent.ts';
import { Breakpoints } from './breakpoints.ts';
import { guestMemory } from './memory.ts';
import { openScratch } from '../host/scratch.ts';
import { SerialLog } from './serial.ts';

/** A guest that runs, with everything that is known of it so far. Disposing leaves nothing of it behind. */
export interface Guest extends AsyncDisposable {
  specification: MachineSpecification;
  /** The exact command, QEMU first. */
  command: string[];
  qemu: Qemu;
  /** The owner of QEMU's gdb stub. */
  breakpoints: Breakpoints;
  agent: Agent;
  segment: Segment;
  serial: SerialLog;
  /** With `--wire udp`: the socket its packets arrive on. */
  socket: UdpWitness | null;
  activity: Activity;
  memory: PhysicalMemory;
  /** QMP events in the order they came, in milliseconds since 1970. */
  events: (QmpEvent & { atMs: number })[];
  /** Aborted, with the error to show, when QEMU ends or the caller's signal aborts. */
  signal: AbortSignal;
}

/**
 * Starts QEMU for a specification and listens on all its channels; does not wait for the guest.
 * `signal` ends it; `state` is the open file of a template's state.
 */
export async function startGuest(
  specification: MachineSpecification,
  options: { signal: AbortSignal; state?: number },
): Promise<Guest> {
  const { addresses } = specification;
  const host = hostAt({ mac: addresses.hostMac, ipv4: addresses.hostIpv4, ipv6: addresses.hostIpv6 });
  const activity = new Activity();
  const scratch = await openScratch();
  let socket: UdpWitness | null = null;
  try {
    const udp = specification.wire === 'udp';
    const console = path.join(scratch.folder, 'console');
    const own = {
      ...specification,
      console,
      ...(udp ? { dump: path.join(scratch.folder, 'wire.pcap') } : {}),
    };
    const command = [specification.architecture.emulator, ...flatten(machineArguments(own))];
    if (udp) socket = await UdpWitness.open(activity.happened);
    const { memory } = specification;
    const qemu = await startQemu(command, {
      console,
      ...(options.state === undefined ? {} : { state: options.state }),
      ...(memory === null ? {} : { memory: memory.file }),
    });
    const events: Guest['events'] = [];
    qemu.qmp.onEvent((event) => {
      events.push({ ...event, atMs: clockMs() });
      activity.happened();
    });
    const signal = endOf(qemu, options.signal);
    // Whoever waits for the guest's next word should hear that there is none.
    signal.addEventListener('abort', activity.happened, { once: true });
    return {
      specification: own,
      command,
      qemu,
      breakpoints: new Breakpoints(qemu, {
        signal,
        vcpus: specification.vcpus,
        pc: specification.architecture.code.pc,
      }),
      agent: new Agent(qemu.agent),
      segment: new Segment(qemu.nic, host, activity.happened),
      serial: new SerialLog(qemu.console.output, activity.happened),
      socket,
      activity,
      memory: guestMemory(qemu.qmp, {
        base: specification.architecture.memoryBase,
        megabytes: specification.memoryMiB,
        scratch: scratch.folder,
      }),
      events,
      signal,
      [Symbol.asyncDispose]: async () => {
        await qemu[Symbol.asyncDispose]();
        await socket?.[Symbol.asyncDispose]();
        await scratch[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await socket?.[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
}

/** One signal for "the user stopped us", "QEMU is gone" and "QEMU is beyond control". */
function endOf({ ended, qmp }: Qemu, outer: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort(outer.reason);
  outer.addEventListener('abort', abort, { once: true });
  if (outer.aborted) abort();
  void qmp.garbled.then((error) => controller.abort(error));
  void ended.then((ending) => {
    outer.removeEventListener('abort', abort);
    controller.abort(describeEnding(ending));
  });
  return controller.signal;
}

/** The error a signal was aborted with. */
export function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
}

/** `signal`, or an error with this code once `milliseconds` are over. Dispose to stop the clock. */
export function withDeadline(
  signal: AbortSignal,
  milliseconds: number,
  error: () => CrashlabError,
): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(error()), milliseconds);
  const abort = () => controller.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    },
  };
}
