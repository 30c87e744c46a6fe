import type { Duplex } from 'node:stream';
import type { CrashlabError } from '../host/error.ts';
import { garbled, refused, silent, stubGone, wrongTime } from './gdb-errors.ts';
import { encodePacket, PacketReader } from './gdb-packets.ts';
import { parseStop, type Stop } from './gdb-stop.ts';

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
 *
 * Answers are not acknowledged: the next command does that too (QEMU gdbstub.c, gdb_read_byte()), and so commands,
 * the one to go on among them, can be sent without waiting for the answers before. An acknowledgement that comes
 * when the guest runs would stop it.
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
  private described = false;

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
   * Lets the guest run until it stops; gives why, or null when `signal` aborts first: the guest then runs on, and
   * `halt` is what brings it back. Commands before it may still be unanswered.
   */
  async runUntilStop(signal: AbortSignal): Promise<Stop | null> {
    return this.go('c', signal);
  }

  /**
   * Lets one vCPU run one instruction, without interrupts, while the others stand. An exception that the
   * instruction raises is its end. Gives what {@link runUntilStop} gives; look at the program counter to see
   * whether it was made: with several vCPUs a stop may be one from before.
   */
  async step(vcpu: number, signal: AbortSignal): Promise<Stop | null> {
    return this.go(`vCont;s:${vcpu.toString(16)}`, signal);
  }

  private async go(command: string, signal: AbortSignal): Promise<Stop | null> {
    this.mustBeHalted(command);
    if (signal.aborted) return null;
    const stopped = this.stopReply(signal);
    this.halted = false;
    this.send(command);
    const reply = await stopped;
    if (reply === null) return null;
    this.halted = true;
    return parseStop(reply);
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

  /** One register by its number in gdb's protocol, 8 bytes or fewer. */
  async readRegister(number: number, vcpu: number): Promise<bigint> {
    const [, , value] = await Promise.all([
      this.describe(),
      this.command(`Hg${vcpu.toString(16)}`),
      this.command(`p${number.toString(16)}`),
    ]);
    const bytes = Buffer.alloc(8);
    bytes.set(fromHex(value).subarray(0, 8));
    return bytes.readBigUInt64LE();
  }

  /** Writes these registers and no others: cheap, and nothing else of the vCPU changes. */
  async writeRegisters(vcpu: number, values: readonly [number: number, value: bigint][]): Promise<void> {
    await Promise.all([
      this.describe(),
      this.command(`Hg${vcpu.toString(16)}`),
      ...values.map(([number, value]) => {
        const bytes = Buffer.alloc(8);
        bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
        return this.command(`P${number.toString(16)}=${bytes.toString('hex')}`);
      }),
    ]);
  }

  /** The stub reads and writes single registers (`p`, `P`) only for one who has asked what they are. */
  private async describe(): Promise<void> {
    if (this.described) return;
    this.described = true;
    await this.command('qXfer:features:read:target.xml:0,1');
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
    this.mustBeHalted('D');
    await this.command('D');
    this.halted = false;
    this.attached = false;
  }

  private async command(text: string): Promise<string> {
    this.mustBeHalted(text);
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
      throw refused(text, reply);
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

  private mustBeHalted(text: string): void {
    if (!this.halted) throw wrongTime(text, 'while the guest runs');
  }

  private receive(text: string): void {
    const { packets, failure } = this.reader.push(text);
    for (const packet of packets) {
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
