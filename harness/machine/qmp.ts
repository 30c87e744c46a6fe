import type { Duplex } from 'node:stream';
import * as v from 'valibot';
import { CrashlabError } from '../host/error.ts';

const Message = v.union([
  v.object({ QMP: v.unknown() }),
  v.object({ return: v.unknown(), id: v.optional(v.number()) }),
  v.object({ error: v.object({ class: v.string(), desc: v.string() }), id: v.optional(v.number()) }),
  v.object({ event: v.string(), data: v.optional(v.record(v.string(), v.unknown())) }),
]);

/** An event of QEMU's, e.g. `SHUTDOWN` with `{guest: true, reason: 'guest-reset'}`. */
export interface QmpEvent {
  name: string;
  data: Record<string, unknown>;
}

interface Waiting {
  command: string;
  resolve: (value: unknown) => void;
  reject: (error: CrashlabError) => void;
}

/**
 * A QMP connection (QEMU docs/interop/qmp-spec): commands may be sent without waiting for the one before.
 * When QEMU goes, every command that waits fails with QEMU_GONE.
 */
export class Qmp {
  private readonly channel: Duplex;
  private readonly waiting = new Map<number, Waiting>();
  private readonly listeners = new Set<(event: QmpEvent) => void>();
  private lastId = 0;
  private rest = '';
  private gone = false;

  constructor(channel: Duplex) {
    this.channel = channel;
    channel.setEncoding('utf8');
    channel.on('data', (text: string) => this.receive(text));
    channel.on('error', () => this.end());
    channel.on('close', () => this.end());
    void this.execute('qmp_capabilities').catch(() => undefined);
  }

  /** Sends a command. Errors: QMP_REFUSED with QEMU's own words, QEMU_GONE. */
  execute(command: string, parameters: Record<string, unknown> = {}): Promise<unknown> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      if (this.gone) {
        reject(qemuGone(command));
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
    this.rest += text;
    const lines = this.rest.split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim()) this.handle(line);
  }

  private handle(line: string): void {
    const message = v.parse(Message, JSON.parse(line));
    if ('event' in message) {
      for (const listener of this.listeners) listener({ name: message.event, data: message.data ?? {} });
      return;
    }
    if ('QMP' in message || message.id === undefined) return;
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (!waiting) return;
    if ('error' in message) {
      waiting.reject(
        new CrashlabError('lab', 'QMP_REFUSED', `QEMU refused ${waiting.command}: ${message.error.desc}`),
      );
    } else waiting.resolve(message.return);
  }

  private end(): void {
    this.gone = true;
    for (const { command, reject } of this.waiting.values()) reject(qemuGone(command));
    this.waiting.clear();
  }
}

function qemuGone(command: string): CrashlabError {
  return new CrashlabError('host', 'QEMU_GONE', `QEMU ended before it answered ${command}.`, {
    advice: 'Something killed it: look for the kernel’s OOM killer in this host’s dmesg, or for a ulimit.',
  });
}
