import { NetconsoleReceiver } from '../netconsole/receiver.ts';
import type { LogLine } from '../oops/log-line.ts';
import { shownText } from '../printk/byte-string.ts';
import type { Form } from './form.ts';
import { RecordLines } from './record-lines.ts';

/** As `crashlab listen` writes it (harness/field/listen/station.ts). */
const RAW = /^\{"atMs":\d+(?:\.\d+)?,"payload":"/;

export function isRaw([first = '']: readonly string[]): boolean {
  return RAW.test(first);
}

/** The datagrams of one sender, in the order they came, as lines of its log. */
export interface Datagrams {
  /** Milliseconds, not going back. */
  receive: (payload: Uint8Array, atMs: number) => LogLine[];
  /** What waited for more. */
  finish: () => LogLine[];
}

export function datagrams(): Datagrams {
  const receiver = new NetconsoleReceiver();
  const lines = new RecordLines();
  return {
    receive: (payload, atMs) => lines.of(receiver.receive(payload, atMs)),
    finish: () => [...lines.of(receiver.finish()), ...lines.finish()],
  };
}

/** Datagrams as `crashlab listen` writes them down. */
export function rawDatagrams(): Form {
  const { receive, finish } = datagrams();
  return {
    take: (line) => {
      const raw = readRaw(line);
      return raw ? receive(raw.payload, raw.atMs) : [];
    },
    finish,
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
