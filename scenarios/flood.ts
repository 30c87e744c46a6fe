import {
  type KnownLoss,
  type Scenario,
  type ScenarioGuest,
  type Seen,
  scenario,
} from '../harness/lab/scenario.ts';
import { overwrittenByFlood, panicLosses, rebootsBeforeFlush } from './known-losses.ts';
import { findLogBuffer, logBufferOf } from './log-buffer.ts';

const FLOOD_LINES = 3000;
const BYTES = 100;

/** Which lines of the flood are in a text, by number. */
export function linesIn(texts: Iterable<string>, pattern: RegExp): Set<number> {
  const lines = new Set<number>();
  for (const text of texts) {
    for (const [, number] of text.matchAll(pattern)) lines.add(Number(number));
  }
  return lines;
}

/** The texts of all records that arrived. */
export function* arrivedTexts({ arrived }: Pick<Seen, 'arrived'>): Generator<string> {
  for (const copies of arrived.records.values()) for (const { text } of copies) yield text;
  yield arrived.basicText;
}

/** `irqs-off` is the module with interrupts off: nothing else runs until the flood is over. */
type Flooder = 'module' | 'irqs-off' | 'kmsg';
const WRITERS: Record<Flooder, string> = {
  module: 'a kernel module',
  'irqs-off': 'a kernel module, interrupts off,',
  kmsg: '/dev/kmsg',
};

/** How large the log's own buffer of each guest is, in bytes. */
const buffers = new WeakMap<ScenarioGuest, number | 'unknown'>();

const overwrittenThenReboots: KnownLoss = {
  ...rebootsBeforeFlush,
  ...(overwrittenByFlood.only ? { only: overwrittenByFlood.only } : {}),
  because: `${overwrittenByFlood.because}; ${rebootsBeforeFlush.because}`,
  source: `${overwrittenByFlood.source}; ${rebootsBeforeFlush.source}`,
};

/** As fast as it goes, and then a panic at once; `holdsAll` when the log buffer holds all lines of it. */
export function floodThenPanic(
  by: Flooder,
  buffer: { logBuffer?: string; holdsAll?: boolean } = {},
): Scenario {
  const { logBuffer, holdsAll = false } = buffer;
  const pattern = new RegExp(`(?:burst|flood) (\\d+)/${FLOOD_LINES} `, 'g');
  const writer = WRITERS[by];
  const size = logBuffer === undefined ? '' : `, log_buf_len=${logBuffer}`;
  return scenario({
    title: `${FLOOD_LINES} lines by ${writer} as fast as it goes, then a panic${size}`,
    why: 'A machine that dies often talks before: the last words are worth nothing without them, and must not drown in them.',
    needs: by === 'kmsg' ? [] : ['lab-module'],
    // A text without sequence numbers can’t prove what the ring has overwritten.
    format: 'extended',
    ...(logBuffer === undefined ? {} : { suite: 'full', boot: { append: `log_buf_len=${logBuffer}` } }),
    async prepare({ guest }) {
      if (by === 'kmsg') await guest.run(WRITE_FLOOD);
      if (logBuffer === undefined) {
        buffers.set(guest, (await findLogBuffer(guest))?.bytes ?? 'unknown');
        return;
      }
      const { bytes } = await logBufferOf(guest);
      buffers.set(guest, bytes);
      if (bytes === sizeOf(logBuffer)) return;
      // Never is it made smaller than CONFIG_LOG_BUF_SHIFT says.
      const reason = `The log buffer has ${bytes} bytes, not ${logBuffer}.`;
      if (bytes > sizeOf(logBuffer)) guest.lacks(reason);
      guest.missed(reason);
    },
    async run({ guest }) {
      if (by !== 'kmsg') {
        const lab = await guest.lab();
        const context = by === 'irqs-off' ? 'irqsoff' : 'task';
        await lab.burst({ count: FLOOD_LINES, size: BYTES, context });
        lab.crash({ how: 'panic' });
      } else {
        // Each write is a record.
        guest.kill(`(dd if=/tmp/flood of=/dev/kmsg bs=${BYTES} 2>/dev/null; echo c > /proc/sysrq-trigger)`);
      }
    },
    measure(seen) {
      const point = { lines: FLOOD_LINES, 'log buffer, bytes': buffers.get(seen.guest) ?? 'unknown' };
      const wire = FLOOD_LINES - linesIn(arrivedTexts(seen), pattern).size;
      const console = FLOOD_LINES - linesIn([seen.console], pattern).size;
      return [
        { name: 'lines lost', unit: 'lines', value: wire, witness: 'wire', ...point },
        { name: 'lines lost', unit: 'lines', value: console, witness: 'serial console', ...point },
      ];
    },
    expect: {
      kind: 'panic',
      context: 'task',
      ends: 'panic',
      says: new RegExp(`(?:burst|flood) ${FLOOD_LINES}/${FLOOD_LINES} `),
      losses: by === 'irqs-off' && !holdsAll ? [overwrittenThenReboots, overwrittenByFlood] : panicLosses,
    },
  });
}

/** As the kernel's parameters have it. */
function sizeOf(written: string): number {
  const unit = written.endsWith('M') ? 1 << 20 : 1 << 10;
  return Number.parseInt(written, 10) * unit;
}

const WRITE_FLOOD = [
  `i=0; while [ $i -lt ${FLOOD_LINES} ]; do i=$((i+1))`,
  `printf "%-${BYTES - 1}s\\n" "<6>flood $i/${FLOOD_LINES} abcdefghijklmnopqrstuvwxyz"; done > /tmp/flood`,
].join('; ');
