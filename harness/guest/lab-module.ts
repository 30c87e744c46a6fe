import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CrashlabError } from '../host/error.ts';
import { shownText } from '../printk/byte-string.ts';
import type { Agent } from './agent.ts';
import {
  type Burst,
  type Crash,
  type Death,
  type Exhausted,
  type Exhaust,
  type Hold,
  type Lockup,
  parseExhausted,
  renderCommand,
  renderFollow,
} from './lab-command.ts';

/**
 * What a guest does to itself through the lab module (images/lab-module). Each method that waits fails with
 * LAB_MODULE_REFUSED and the module's own reason.
 */
export interface LabModule {
  /** Takes all memory, prints `lines` lines of 100 bytes while it is gone, gives it back, and says how much it was. */
  exhaust(options?: Exhaust & { lines?: number }): Promise<Exhausted>;
  /** As {@link exhaust}, but dies of `death` before anything is given back: how much it was is in its log. */
  exhaustAndDie(options: Exhaust & { lines?: number; death: Death }): void;
  /** Prints numbered lines; resolves when the last is printed, which is not yet sent. */
  burst(options?: Burst): Promise<void>;
  /** Dies, or warns, in a context. Nothing is waited for. */
  crash(options: Crash): void;
  /**
   * Panics, and sends memory after it, in records `crashlab: dump ADDRESS OFFSET/TOTAL HEX`: the dying task's stack, or
   * a copy of a region (16 MB at most) as it was when the panic was announced. Nothing is waited for.
   */
  dump(region?: { at: bigint; bytes: number }): void;
  /**
   * Takes a lock and keeps it; resolves when it is held. A transmit queue's keeps its CPU busy: on a guest's only
   * CPU, or the agent's own, it resolves when the lock is free again, so do not wait for it there.
   */
  hold(options: Hold): Promise<void>;
  /** Drops every IP packet, in and out, as a firewall's rules may; or no more. */
  filter(drop: 'all' | 'none'): Promise<void>;
  /** Gives a team without ports its mode, e.g. `roundrobin`, whose module must be there. */
  team(options: { device: string; mode: string }): Promise<void>;
  /**
   * Each NMI on this CPU asks the hard lockup detector from now on: its callback for a perf counter, at an address.
   * The host's NMIs reach CPU 0 only.
   */
  detector(options: { at: bigint; cpu: number }): Promise<void>;
  /** Begins what one of the kernel's detectors looks for; with one CPU it resolves when that is over. */
  lockup(options: Lockup): Promise<void>;
}

const PROC = '/proc/crashlab';

/**
 * Loads the module in a running guest: the one that its initramfs carries, otherwise `file`, sent through the agent
 * (0.1 s against 0.8 s under software emulation). Errors: GUEST_REFUSED with the kernel's reason. With
 * `crashInInit` the guest is sent to its death, and nothing is waited for.
 */
export async function loadLabModule(
  agent: Agent,
  file: string,
  options: { signal: AbortSignal; crashInInit?: boolean },
): Promise<LabModule> {
  const { signal, crashInInit = false } = options;
  const { status } = await agent.run(`[ -e ${CARRIED} ]`, signal);
  const place = status === 0 ? CARRIED : await send(agent, file, signal);
  // In a process of its own: one that oopses must not be PID 1.
  if (crashInInit) agent.send(`(insmod ${place} crash_in_init=1)`);
  else await agent.must(`insmod ${place}`, signal);
  return labModule(agent, signal);
}

/** Where images/initramfs.ts puts a file of this name. */
const CARRIED = '/lib/modules/crashlab.ko';

async function send(agent: Agent, file: string, signal: AbortSignal): Promise<string> {
  const packed = await promisify(gzip)(await readFile(file), { level: 9 });
  const place = '/tmp/crashlab.ko';
  await agent.must(`echo ${packed.toString('base64')} | base64 -d | gunzip > ${place}`, signal);
  return place;
}

function labModule(agent: Agent, signal: AbortSignal): LabModule {
  const ask = async (command: string) => {
    const { output, status } = await agent.run(
      `(echo '${command}' > ${PROC}) 2>/dev/null; (s=$?; cat ${PROC}; exit $s)`,
      signal,
    );
    if (status === 0) return output;
    throw refused(command, output);
  };
  return {
    async exhaust({ lines = 0, ...rest } = {}) {
      return parseExhausted(await ask(`${renderCommand('exhaust', { ...rest })} ${renderFollow(lines)}`));
    },
    exhaustAndDie({ lines = 0, death, ...rest }) {
      const command = `${renderCommand('exhaust', { ...rest })} ${renderFollow(lines, death)}`;
      agent.send(`(echo '${command}' > ${PROC})`);
    },
    async burst(options = {}) {
      await ask(renderCommand('burst', { ...options }));
    },
    crash(options) {
      agent.send(`(echo '${renderCommand('crash', { ...options })}' > ${PROC})`);
    },
    dump(region) {
      const options = region ? { at: String(region.at), bytes: region.bytes } : {};
      agent.send(`(echo '${renderCommand('dump', options)}' > ${PROC})`);
    },
    async hold({ lines = 0, death, ...rest }) {
      await ask(`${renderCommand('hold', { ...rest })} ${renderFollow(lines, death)}`);
    },
    async filter(drop) {
      await ask(renderCommand('filter', { drop }));
    },
    async team(options) {
      await ask(renderCommand('team', { ...options }));
    },
    async detector({ at, cpu }) {
      await ask(renderCommand('detector', { at: String(at), cpu }));
    },
    async lockup(options) {
      await ask(renderCommand('lockup', { ...options }));
    },
  };
}

function refused(command: string, answer: string): CrashlabError {
  return new CrashlabError(
    'guest',
    'LAB_MODULE_REFUSED',
    `The lab module refused "${command}": ${shownText(answer.trim())}`,
  );
}
