import type { NetconsoleEvent } from '../netconsole/event.ts';
import { NetconsoleReceiver } from '../netconsole/receiver.ts';
import { type LogLine, readLog } from '../oops/log-line.ts';
import { shownText } from '../printk/byte-string.ts';

/** The header of netconsole's extended format; `/dev/kmsg` has the same. */
const RECORD = /^(?:\d+\.\d+[\w.+~-]*,)?\d+,\d+,\d+,[-c+](?:,[\w.-]+=[^,;]*)*;/;
/** Where a fragment begins that is glued to the one before. */
const GLUED = /(?<=[^\d,.])(?=\d+,\d+,\d+,[-c+],(?:[\w.-]+=[^,;]*,)*ncfrag=)/;
/** How many lines are looked at to tell what a log is. */
const LOOKED_AT = 200;

/** The lines of a kernel's log: text with any prefixes, or extended records, put in order. `text` is a byte string. */
export function readLogText(text: string): LogLine[] {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  return hasRecords(lines) ? readRecords(lines) : readLog(shownText(text));
}

function hasRecords(lines: readonly string[]): boolean {
  const looked = lines.filter((line) => line !== '' && !line.startsWith(' ')).slice(0, LOOKED_AT);
  return looked.filter((line) => RECORD.test(line)).length > looked.length / 2;
}

/** A line begins a record; what begins with a blank is its dictionary. */
function readRecords(lines: readonly string[]): LogLine[] {
  const receiver = new NetconsoleReceiver();
  const events: NetconsoleEvent[] = [];
  const receive = (payload: string) => {
    if (payload !== '') events.push(...receiver.receive(Buffer.from(asSent(payload), 'latin1'), 0));
  };
  let payload = '';
  for (const line of lines.flatMap((one) => one.split(GLUED))) {
    if (line.startsWith(' ') && payload !== '') {
      payload += `${line}\n`;
      continue;
    }
    receive(payload);
    payload = line === '' ? '' : `${line}\n`;
  }
  receive(payload);
  events.push(...receiver.finish());
  return events.reduce<{ lines: LogLine[]; lost: number }>(addEvent, { lines: [], lost: 0 }).lines;
}

/** A fragment has no end of line, unless it is the record's last: who logs it adds one, or glues it to the next. */
function asSent(payload: string): string {
  const fragment = /^[^;]*,ncfrag=(\d+)\/(\d+)[^;]*;/.exec(payload);
  if (fragment === null) return payload;
  const [head, offset, total] = fragment;
  const ends = Number(offset) + payload.length - head.length === Number(total);
  return ends ? payload : payload.slice(0, -1);
}

function addEvent(log: { lines: LogLine[]; lost: number }, event: NetconsoleEvent) {
  if (event.kind === 'gap') log.lost += event.to - event.from + 1;
  if (event.kind === 'fragment-lost') log.lost += 1;
  if (event.kind === 'basic') log.lines.push(...readLog(shownText(event.text)));
  if (event.kind !== 'record') return log;
  const { text, caller } = event.record;
  for (const [at, line] of shownText(text).split('\n').entries()) {
    const lostBefore = at === 0 ? log.lost : 0;
    log.lines.push({
      text: line,
      caller: caller ?? null,
      stamped: true,
      ...(lostBefore > 0 && { lostBefore }),
    });
  }
  log.lost = 0;
  return log;
}
