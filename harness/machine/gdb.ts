import type { Duplex } from 'node:stream';
import { CrashlabError } from '../host/error.ts';

/** Where RIP lies in QEMU's x86-64 `g` packet: after 16 general registers of 8 bytes. */
const RIP_OFFSET = 16 * 8;
const RSP_OFFSET = 7 * 8;

/**
 * QEMU's gdb stub, spoken as in the GDB manual's "Remote Serial Protocol". Threads are vCPUs, numbered from 1.
 * Connecting does not stop the guest; the first command does not either, `halt` does.
 */
export class GdbStub {
  private readonly channel: Duplex;
  private rest = '';
  private readonly replies: string[] = [];
  private waiting: ((reply: string) => void)[] = [];
  private acknowledge = true;
  private gone = false;

  constructor(channel: Duplex) {
    this.channel = channel;
    channel.setEncoding('latin1');
    channel.on('data', (text: string) => this.receive(text));
    channel.on('error', () => this.end());
    channel.on('close', () => this.end());
  }

  /** Stops every vCPU; resolves when the stub says so. */
  async halt(): Promise<void> {
    this.channel.write('\x03');
    await this.reply('a stop');
  }

  /** Sets a hardware breakpoint; the stub must be halted. */
  async setBreakpoint(address: bigint): Promise<void> {
    await this.command(`Z1,${address.toString(16)},1`);
  }

  async clearBreakpoint(address: bigint): Promise<void> {
    await this.command(`z1,${address.toString(16)},1`);
  }

  /** Lets the guest run until it stops; gives the vCPU that stopped, or null when `signal` aborts first. */
  async runUntilStop(signal: AbortSignal): Promise<number | null> {
    this.send('c');
    const stopped = await this.reply('a stop', signal).catch((error: unknown) => {
      if (signal.aborted) return null;
      throw error;
    });
    if (stopped === null) return null;
    const thread = /thread:p?[\da-f]*\.?([\da-f]+);/.exec(stopped)?.[1];
    return thread ? Number.parseInt(thread, 16) : 1;
  }

  async readMemory(address: bigint, length: number): Promise<Uint8Array> {
    return fromHex(await this.command(`m${address.toString(16)},${length.toString(16)}`));
  }

  async writeMemory(address: bigint, bytes: Uint8Array): Promise<void> {
    await this.command(
      `M${address.toString(16)},${bytes.length.toString(16)}:${Buffer.from(bytes).toString('hex')}`,
    );
  }

  /** The registers of a vCPU, as the stub's own block; change it and give it back. */
  async readRegisters(vcpu = 1): Promise<Registers> {
    await this.command(`Hg${vcpu.toString(16)}`);
    return new Registers(fromHex(await this.command('g')));
  }

  async writeRegisters(registers: Registers, vcpu = 1): Promise<void> {
    await this.command(`Hg${vcpu.toString(16)}`);
    await this.command(`G${Buffer.from(registers.bytes).toString('hex')}`);
  }

  /** Ids of the vCPUs. */
  async vcpus(): Promise<number[]> {
    const list = await this.command('qfThreadInfo');
    return list
      .replace(/^m/, '')
      .split(',')
      .map((id) => Number.parseInt(id.replace(/^p[\da-f]+\./, ''), 16));
  }

  /** Lets the guest run and leaves it alone. */
  async detach(): Promise<void> {
    await this.command('D');
  }

  private async command(text: string): Promise<string> {
    this.send(text);
    const reply = await this.reply(text);
    if (/^E[\da-f]{2}$/.test(reply) || (reply === '' && !text.startsWith('q'))) {
      throw new CrashlabError(
        'lab',
        'GDB_REFUSED',
        `QEMU’s gdb stub refused "${text.slice(0, 40)}" (${reply || 'unsupported'}).`,
      );
    }
    return reply;
  }

  private send(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    const sum = bytes.reduce((total, byte) => (total + byte) & 0xff, 0);
    this.channel.write(`$${text}#${sum.toString(16).padStart(2, '0')}`);
  }

  private reply(what: string, signal?: AbortSignal): Promise<string> {
    const ready = this.replies.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    if (this.gone) return Promise.reject(stubGone(what));
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.waiting = this.waiting.filter((one) => one !== waiter);
        reject(signal?.reason instanceof Error ? signal.reason : stubGone(what));
      };
      const waiter = (reply: string) => {
        signal?.removeEventListener('abort', abort);
        if (this.gone) reject(stubGone(what));
        else resolve(reply);
      };
      this.waiting.push(waiter);
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted) abort();
    });
  }

  private receive(text: string): void {
    this.rest += text;
    for (;;) {
      const packet = /\$([^#]*)#[\da-fA-F]{2}/.exec(this.rest);
      if (!packet) return;
      this.rest = this.rest.slice(packet.index + packet[0].length);
      if (this.acknowledge) this.channel.write('+');
      const reply = expandRunLength(packet[1] ?? '');
      const waiter = this.waiting.shift();
      if (waiter) waiter(reply);
      else this.replies.push(reply);
    }
  }

  private end(): void {
    this.gone = true;
    for (const waiter of this.waiting.splice(0)) waiter('');
  }
}

/** The register block of one vCPU. */
export class Registers {
  readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get rip(): bigint {
    return this.view.getBigUint64(RIP_OFFSET, true);
  }

  set rip(value: bigint) {
    this.view.setBigUint64(RIP_OFFSET, value, true);
  }

  get rsp(): bigint {
    return this.view.getBigUint64(RSP_OFFSET, true);
  }
}

/** `0* ` is a run: the character before `*`, repeated by the next character's code less 29. */
function expandRunLength(text: string): string {
  return text.replaceAll(/(.)\*(.)/gs, (_, character: string, times: string) =>
    character.repeat(times.charCodeAt(0) - 28),
  );
}

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

function stubGone(what: string): CrashlabError {
  return new CrashlabError('host', 'QEMU_GONE', `QEMU ended before its gdb stub answered ${what}.`);
}
