import type { Duplex } from 'node:stream';
import { CrashlabError } from '../host/error.ts';
import { encodePacket, PacketReader } from './gdb-packets.ts';
import { Registers } from './registers.ts';

/** QEMU refuses what its packet buffer of 4096 characters can't hold. */
const MEMORY_STEP = 1024;
/** A halted stub answers at once; one that doesn't in this time never will. */
const ANSWER_MS = 30_000;

interface Waiter {
  resolve: (reply: string) => void;
  reject: (error: CrashlabError) => void;
}

/**
 * QEMU's gdb stub, spoken as in the GDB manual's "Remote Serial Protocol". Threads are vCPUs, numbered from 1.
 * Connecting does not stop the guest, `halt` does; commands are for a halted guest only.
 *
 * A stop reply (`T…`) is never taken for a command's answer, nor an old one for the stop that is waited for:
 * QEMU before 8.1 also sends one when somebody stops the guest through QMP.
 */
export class GdbStub {
  private readonly channel: Duplex;
  private readonly reader = new PacketReader();
  private readonly answerMs: number;
  private readonly answers: Waiter[] = [];
  private stop: Waiter | null = null;
  private halted = false;
  private attached = true;
  private failure: CrashlabError | null = null;

  /** `gone` tells why QEMU ended, when it has; without it QEMU_GONE is all that is known. */
  constructor(channel: Duplex, options: { gone?: Promise<CrashlabError>; answerMs?: number } = {}) {
    const { gone } = options;
    this.channel = channel;
    this.answerMs = options.answerMs ?? ANSWER_MS;
    channel.setEncoding('latin1');
    channel.on('data', (text: string) => this.receive(text));
    channel.on('error', () => undefined);
    channel.on('close', () => {
      if (gone) void gone.then((error) => this.fail(error));
      else this.fail(stubGone());
    });
  }

  /**
   * Stops every vCPU; resolves when they stand, which they may have done before (at a breakpoint, by QMP,
   * because the guest reset).
   */
  async halt(): Promise<void> {
    // QEMU ignores everything but `+` and `$` as long as a reply of its own is not acknowledged; a `+` too many
    // does nothing, or what we want: while the guest runs, any byte stops it.
    this.channel.write('+\x03');
    this.halted = true;
    // Whoever stopped the guest, the answer to a harmless question says that it stands.
    await this.command('qAttached');
    if (this.attached) return;
    const attached = this.stopReply();
    this.send('vAttach;1');
    await attached;
    this.attached = true;
  }

  /** Sets a hardware breakpoint. */
  async setBreakpoint(address: bigint): Promise<void> {
    await this.command(`Z1,${address.toString(16)},1`);
  }

  async clearBreakpoint(address: bigint): Promise<void> {
    await this.command(`z1,${address.toString(16)},1`);
  }

  /**
   * Lets the guest run until it stops; gives the vCPU that stopped, or null when `signal` aborts first: the
   * guest then runs on, and `halt` is what brings it back.
   */
  async runUntilStop(signal: AbortSignal): Promise<number | null> {
    this.mustBeIdle('c');
    if (signal.aborted) return null;
    const stopped = this.stopReply(signal);
    this.halted = false;
    this.send('c');
    const reply = await stopped;
    if (reply === null) return null;
    this.halted = true;
    const thread = /thread:(?:p[\da-f]+\.)?([\da-f]+);/.exec(reply)?.[1];
    return thread ? Number.parseInt(thread, 16) : 1;
  }

  async readMemory(address: bigint, length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < length; at += MEMORY_STEP) {
      const size = Math.min(MEMORY_STEP, length - at);
      parts.push(fromHex(await this.command(`m${(address + BigInt(at)).toString(16)},${size.toString(16)}`)));
    }
    return new Uint8Array(Buffer.concat(parts));
  }

  async writeMemory(address: bigint, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += MEMORY_STEP) {
      const part = bytes.subarray(at, at + MEMORY_STEP);
      const place = `${(address + BigInt(at)).toString(16)},${part.length.toString(16)}`;
      await this.command(`M${place}:${Buffer.from(part).toString('hex')}`);
    }
  }

  /** The registers of a vCPU, as the stub's own block; change it and give it back. */
  async readRegisters(vcpu = 1): Promise<Registers> {
    const [, block] = await Promise.all([this.command(`Hg${vcpu.toString(16)}`), this.command('g')]);
    return new Registers(fromHex(block));
  }

  async writeRegisters(registers: Registers, vcpu = 1): Promise<void> {
    const block = Buffer.from(registers.bytes).toString('hex');
    await Promise.all([this.command(`Hg${vcpu.toString(16)}`), this.command(`G${block}`)]);
  }

  /** Ids of the vCPUs. */
  async vcpus(): Promise<number[]> {
    const ids: number[] = [];
    // One or more at a time, as the stub likes, until it says `l`.
    for (let list = await this.command('qfThreadInfo'); list.startsWith('m');) {
      for (const id of list.slice(1).split(','))
        ids.push(Number.parseInt(id.replace(/^p[\da-f]+\./, ''), 16));
      list = await this.command('qsThreadInfo');
    }
    return ids;
  }

  /** Takes every breakpoint away, lets the guest run and leaves it alone. */
  async detach(): Promise<void> {
    this.mustBeIdle('D');
    await this.command('D');
    this.halted = false;
    this.attached = false;
  }

  private async command(text: string): Promise<string> {
    if (!this.halted) throw wrongTime(text, 'while the guest runs');
    const answer = new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => this.fail(silent(text)), this.answerMs);
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          settle(value);
        };
      this.answers.push({ resolve: settled(resolve), reject: settled(reject) });
    });
    this.send(text);
    const reply = await answer;
    if (/^E[\da-f]{2}$/.test(reply) || (reply === '' && !text.startsWith('q'))) {
      throw new CrashlabError(
        'lab',
        'GDB_REFUSED',
        `QEMU’s gdb stub refused "${text.slice(0, 40)}" (${reply || 'unsupported'}).`,
      );
    }
    return reply;
  }

  /** The next stop reply; null when `signal` aborts first. */
  private stopReply(): Promise<string>;
  private stopReply(signal: AbortSignal): Promise<string | null>;
  private stopReply(signal?: AbortSignal): Promise<string | null> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        this.stop = null;
        signal?.removeEventListener('abort', abort);
      };
      const abort = () => {
        finish();
        resolve(null);
      };
      this.stop = {
        resolve: (reply) => {
          finish();
          resolve(reply);
        },
        reject: (error) => {
          finish();
          reject(error);
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  private send(text: string): void {
    if (this.failure) this.fail(this.failure);
    else this.channel.write(encodePacket(text));
  }

  /** With an acknowledgement still on its way to it, a running QEMU would take that for the order to stop. */
  private mustBeIdle(text: string): void {
    if (!this.halted) throw wrongTime(text, 'while the guest runs');
    if (this.answers.length > 0) throw wrongTime(text, 'before another command was answered');
  }

  private receive(text: string): void {
    const { packets, failure } = this.reader.push(text);
    for (const packet of packets) {
      this.channel.write('+');
      // `W` and `X` say that QEMU is about to end: that it has, its channel tells.
      if (/^[TS][\da-f]{2}/.test(packet)) this.stop?.resolve(packet);
      else if (!/^[WX][\da-f]{2}/.test(packet)) this.answers.shift()?.resolve(packet);
    }
    if (failure !== null) this.fail(garbled(failure));
  }

  private fail(error: CrashlabError): void {
    this.failure ??= error;
    for (const waiter of this.answers.splice(0)) waiter.reject(this.failure);
    this.stop?.reject(this.failure);
  }
}

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

function stubGone(): CrashlabError {
  return new CrashlabError('host', 'QEMU_GONE', 'QEMU ended, and its gdb stub with it.', {
    advice: 'Something killed it: look for the kernel’s OOM killer in this host’s dmesg, or for a ulimit.',
  });
}

function silent(command: string): CrashlabError {
  return new CrashlabError(
    'host',
    'GDB_SILENT',
    `QEMU’s gdb stub never answered "${command.slice(0, 40)}".`,
    {
      advice: 'QEMU hangs or was stopped: look at its process.',
    },
  );
}

function garbled(what: string): CrashlabError {
  return new CrashlabError('host', 'GDB_GARBLED', `QEMU’s gdb stub makes no sense: ${what}.`);
}

function wrongTime(command: string, when: string): CrashlabError {
  return new CrashlabError(
    'lab',
    'GDB_WRONG_TIME',
    `"${command.slice(0, 40)}" was given to gdb’s stub ${when}.`,
  );
}
