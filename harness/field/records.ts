import { NetconsoleReceiver } from '../netconsole/receiver.ts';
import type { LogLine } from '../oops/log-line.ts';
import { shownText } from '../printk/byte-string.ts';
import type { Form } from './form.ts';
import { RecordLines } from './record-lines.ts';
import type { Transport } from './transport.ts';

/** As `crashlab listen` writes it (harness/field/listen/station.ts). */
const RAW = /^\{"atMs":\d+(?:\.\d+)?,"payload":"/;

export function isRaw([first = '']: readonly string[]): boolean {
  return RAW.test(first);
}

/** The datagrams of one sender, in the order they came, as lines of its log. */
export interface Datagrams {
  /** Milliseconds, not going back. */
  receive: (payload: Uint8Array, atMs: number) => LogLine[];
  /** One came that can't be read, or only in part: something is missing before the next line. */
  lose: () => void;
  /** What waited for more. */
  finish: () => LogLine[];
  /** null as long as no record with a number came. */
  readonly transport: Transport | null;
}

export function datagrams(): Datagrams {
  const receiver = new NetconsoleReceiver();
  const lines = new RecordLines();
  return {
    receive: (payload, atMs) => lines.of(receiver.receive(payload, atMs)),
    lose: () => lines.lose(),
    finish: () => [...lines.of(receiver.finish()), ...lines.finish()],
    get transport() {
      return lines.transport;
    },
  };
}

/** Datagrams as `crashlab listen` writes them down. */
export function rawDatagrams(): Form {
  const sent = datagrams();
  return {
    take: (line) => {
      const raw = readRaw(line);
      return raw ? sent.receive(raw.payload, raw.atMs) : [];
    },
    finish: sent.finish,
    get transports() {
      const { transport } = sent;
      return new Map(transport ? [[null, transport]] : []);
    },
  };
}

/** null for a line that the disk has lost a part of. */
function readRaw(line: string): { atMs: number; payload: Uint8Array } | null {
  try {
    const { atMs, payload }: { atMs: unknown; payload: unknown } = JSON.parse(shownText(line));
    if (typeof atMs !== 'number' || typeof payload !== 'string') return null;
    return { atMs, payload: Buffer.from(payload, 'latin1') };
  } catch {
    return null;
  }
}
