import type { Duplex } from 'node:stream';
import * as v from 'valibot';
import { CrashlabError } from '../host/error.ts';

const Message = v.union([
  v.object({ QMP: v.unknown() }),
  v.object({ return: v.unknown(), id: v.number() }),
  v.object({ error: v.object({ class: v.string(), desc: v.string() }), id: v.number() }),
  v.object({ event: v.string(), data: v.optional(v.record(v.string(), v.unknown())) }),
]);

/** QEMU's longest answers (`query-qmp-schema`) are a quarter of this. */
const LONGEST_LINE = 1 << 20;
const SHOWN = 80;

/** An event of QEMU's, e.g. `SHUTDOWN` with `{guest: true, reason: 'guest-reset'}`. */
export interface QmpEvent {
  name: string;
  data: Record<string, unknown>;
}

/** Somebody who lets the guest run and stop through another channel. */
export interface RunControl {
  stop: () => Promise<void>;
  cont: () => Promise<void>;
}

interface Waiting {
  command: string;
  resolve: (value: unknown) => void;
  reject: (error: CrashlabError) => void;
}

/**
 * A QMP connection (QEMU docs/interop/qmp-spec): commands may be sent without waiting for the one before.
 * When QEMU goes, every command that waits fails, with the reason; when it stops making sense, with QMP_GARBLED.
 */
export class Qmp {
  /** Resolves, if ever, when what comes is no QMP any more: QEMU is then beyond control. */
  readonly garbled: Promise<CrashlabError>;
  /**
   * While it is set, it does what `stop` and `cont` ask for: QEMU takes a `stop` for done when the guest stands at
   * a breakpoint, and who set that lets it go on a moment later.
   */
  runControl: RunControl | null = null;
  private readonly channel: Duplex;
  private readonly waiting = new Map<number, Waiting>();
  private readonly listeners = new Set<(event: QmpEvent) => void>();
  private lastId = 0;
  private rest = '';
  private end: ((command: string) => CrashlabError) | null = null;
  private tellGarbled: (error: CrashlabError) => void = () => undefined;

  /** `gone` tells why QEMU ended, when it has; without it QEMU_GONE is all that is known. */
  constructor(channel: Duplex, gone?: Promise<CrashlabError>) {
    this.channel = channel;
    this.garbled = new Promise((resolve) => {
      this.tellGarbled = resolve;
    });
    channel.setEncoding('utf8');
    channel.on('data', (text: string) => this.receive(text));
    channel.on('error', () => undefined);
    channel.on('close', () => {
      if (gone) void gone.then((error) => this.finish(() => error));
      else this.finish(qemuGone);
    });
    void this.execute('qmp_capabilities').catch(() => undefined);
  }

  /** Sends a command. Errors: QMP_REFUSED with QEMU's own words, QMP_GARBLED, QEMU's end. */
  execute(command: string, parameters: Record<string, unknown> = {}): Promise<unknown> {
    if (this.runControl && !this.end && (command === 'stop' || command === 'cont')) {
      return this.runControl[command]();
    }
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      if (this.end) {
        reject(this.end(command));
        return;
      }
      this.waiting.set(id, { command, resolve, reject });
      this.channel.write(`${JSON.stringify({ execute: command, arguments: parameters, id })}\n`);
    });
  }

  /** Calls back for every event until the returned function is called. */
  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private receive(text: string): void {
    if (this.end) return;
    const lines = text.split('\n');
    lines[0] = this.rest + (lines[0] ?? '');
    this.rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() && !this.end) this.handle(line);
    if (this.rest.length > LONGEST_LINE) this.giveUp(this.rest);
  }

  private handle(line: string): void {
    const message = parseMessage(line);
    if (!message) {
      this.giveUp(line);
    } else if ('event' in message) {
      for (const listener of this.listeners) listener({ name: message.event, data: message.data ?? {} });
    } else if (!('QMP' in message)) {
      const waiting = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      if ('return' in message) waiting?.resolve(message.return);
      else waiting?.reject(refused(waiting.command, message.error.desc));
    }
  }

  private giveUp(line: string): void {
    this.rest = '';
    this.finish(() => garbled(line));
    this.tellGarbled(garbled(line));
  }

  private finish(end: (command: string) => CrashlabError): void {
    this.end ??= end;
    for (const { command, reject } of this.waiting.values()) reject(this.end(command));
    this.waiting.clear();
  }
}

function parseMessage(line: string): v.InferOutput<typeof Message> | null {
  try {
    const parsed = v.safeParse(Message, JSON.parse(line));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

function refused(command: string, why: string): CrashlabError {
  return new CrashlabError('lab', 'QMP_REFUSED', `QEMU refused ${command}: ${why}`);
}

function garbled(line: string): CrashlabError {
  const shown = JSON.stringify(line.slice(0, SHOWN));
  return new CrashlabError('host', 'QMP_GARBLED', `QEMU’s control channel makes no sense: ${shown}`, {
    advice: 'This QEMU is damaged or not one: look at qemu-command.txt in the evidence and run it by hand.',
  });
}

function qemuGone(command: string): CrashlabError {
  return new CrashlabError('host', 'QEMU_GONE', `QEMU ended before it answered ${command}.`, {
    advice: 'Something killed it: look for the kernel’s OOM killer in this host’s dmesg, or for a ulimit.',
  });
}
