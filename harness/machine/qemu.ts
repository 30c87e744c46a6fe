import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import type { Duplex, Readable, Writable } from 'node:stream';
import { diskFull, isFull } from '../host/disk.ts';
import { CrashlabError } from '../host/error.ts';
import { makeFifos, openFifo } from '../host/fifo.ts';
import { DESCRIPTORS } from './arguments.ts';
import { GdbStub } from './gdb.ts';
import { Qmp } from './qmp.ts';

/** How a QEMU process ended. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last of what it said on standard error. */
  stderr: string;
  /** The file that backs its RAM, where the disk had no room left for it. */
  unbacked?: string;
}

/** A running QEMU and the host's ends of its channels. Disposing kills it and waits until it is gone. */
export interface Qemu extends AsyncDisposable {
  pid: number;
  qmp: Qmp;
  gdb: GdbStub;
  nic: Duplex;
  console: { output: Readable; input: Writable };
  agent: Duplex;
  ended: Promise<Ending>;
}

const STDERR_KEPT = 8192;

/**
 * Starts QEMU so that it dies with this process, each channel but the console one end of a socket pair. `console` is
 * where the console's two named pipes are made, as the command has them; `state` is an open file to be read as the
 * incoming state, `memory` the file that backs its RAM.
 * Errors: QEMU_MISSING, QEMU_FAILED.
 */
export async function startQemu(
  command: string[],
  options: { console: string; state?: number; memory?: string },
): Promise<Qemu> {
  const pipes = { output: `${options.console}.out`, input: `${options.console}.in` };
  await makeFifos(Object.values(pipes));
  const channels = Array.from<'pipe'>({ length: DESCRIPTORS.gdb - DESCRIPTORS.nic + 1 }).fill('pipe');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
    stdio: ['ignore', 'ignore', 'pipe', ...channels, ...(options.state === undefined ? [] : [options.state])],
    detached: true, // Ctrl-C is for us: we end our guests ourselves
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  const ended = new Promise<Ending>((resolve) => {
    child.on('close', (code, signal) => resolve(endingOf({ code, signal, stderr }, options.memory)));
  });
  const { pid } = child;
  if (pid === undefined) {
    const cause = await new Promise((resolve) => child.once('error', resolve));
    throw setprivMissing(cause);
  }
  child.on('error', () => undefined);
  const channel = (descriptor: number): Duplex => {
    // With 'pipe', Node makes both directions of every extra descriptor: on Linux a socket pair.
    const stream = child.stdio[descriptor] as unknown as Duplex;
    stream.on('error', () => undefined);
    return stream;
  };
  const console = { output: openFifo(pipes.output, 'read'), input: openFifo(pipes.input, 'write') };
  const gone = ended.then(describeEnding);
  return {
    pid,
    qmp: new Qmp(channel(DESCRIPTORS.qmp), gone),
    gdb: new GdbStub(channel(DESCRIPTORS.gdb), { gone }),
    nic: channel(DESCRIPTORS.nic),
    console,
    agent: channel(DESCRIPTORS.agent),
    ended,
    [Symbol.asyncDispose]: async () => {
      killGroup(child);
      for (const stream of child.stdio.slice(DESCRIPTORS.nic)) stream?.destroy();
      for (const pipe of Object.values(console)) pipe.destroy();
      await ended;
    },
  };
}

/** A page that finds no room in the file behind it is a SIGBUS. */
function endingOf(ending: Ending, memory: string | undefined): Ending | Promise<Ending> {
  const suspect = ending.signal === 'SIGBUS' && memory !== undefined;
  return suspect ? lookedAt(ending, memory) : ending;
}

async function lookedAt(ending: Ending, memory: string): Promise<Ending> {
  return (await isFull(path.dirname(memory))) ? { ...ending, unbacked: memory } : ending;
}

/** For a QEMU that nothing would end with us. */
export function setprivMissing(cause: unknown): CrashlabError {
  return new CrashlabError('host', 'QEMU_MISSING', 'setpriv (util-linux) could not be started.', {
    advice: 'crashlab doctor names the packages this host lacks.',
    cause,
  });
}

/** QEMU and what it may just have started (`migrate exec:`): it leads a group of its own. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just gone.
  }
}

/** The error for a QEMU that ended by itself: its own words, and what they mean where we know. */
export function describeEnding({ code, signal, stderr, unbacked }: Ending): CrashlabError {
  const words = stderr.trim().split('\n').slice(-3).join(' ');
  if (code === 127 || /failed to execute|No such file or directory.*qemu|setpriv:/.test(words)) {
    return new CrashlabError('host', 'QEMU_MISSING', `QEMU could not be started: ${words}`, {
      advice: 'crashlab doctor names the packages this host lacks.',
    });
  }
  if (unbacked !== undefined) return diskFull('filling the guest’s RAM', `no room for ${unbacked}`);
  if (signal && signal !== 'SIGABRT') {
    return new CrashlabError(
      'host',
      'QEMU_KILLED',
      `QEMU was killed by ${signal}${words ? `: ${words}` : '.'}`,
      {
        advice: 'Look for the kernel’s OOM killer in this host’s dmesg, or who else stopped it.',
      },
    );
  }
  return new CrashlabError(
    'host',
    'QEMU_FAILED',
    `QEMU ended by itself (${signal ?? `code ${code}`}): ${words || 'it said nothing'}`,
    {
      advice: 'The exact command is in qemu-command.txt in the evidence; run it by hand.',
    },
  );
}
