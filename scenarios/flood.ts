import { type KnownLoss, type Scenario, type Seen, scenario } from '../harness/lab/scenario.ts';
import { rebootsBeforeFlush } from './known-losses.ts';

export const FLOOD_LINES = 3000;
const BYTES = 100;

/** The printer thread falls behind, and the ring buffer goes round. */
export const overwrittenByFlood: KnownLoss = {
  when: ({ facts }) => facts.netconsole === 'nbcon',
  because:
    'netconsole is printed by a kernel thread, which a flood does not wait for: records are overwritten in the ring buffer before the thread has come to them',
  source: 'kernel/printk/nbcon.c, nbcon_kthread_func(); measured',
};

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

/** As fast as it goes, and then a panic at once. */
export function floodThenPanic(by: 'module' | 'kmsg', logBuffer?: string): Scenario {
  const pattern = new RegExp(`(?:burst|flood) (\\d+)/${FLOOD_LINES} `, 'g');
  const writer = by === 'module' ? 'a kernel module' : '/dev/kmsg';
  const size = logBuffer === undefined ? '' : `, log_buf_len=${logBuffer}`;
  return scenario({
    title: `${FLOOD_LINES} lines by ${writer} as fast as it goes, then a panic${size}`,
    why: 'A machine that dies often talks before: the last words are worth nothing without them, and must not drown in them.',
    needs: by === 'module' ? ['lab-module'] : [],
    ...(logBuffer === undefined ? {} : { suite: 'full', boot: { append: `log_buf_len=${logBuffer}` } }),
    ...(by === 'kmsg' ? { prepare: ({ guest }) => guest.run(WRITE_FLOOD).then(() => undefined) } : {}),
    async run({ guest }) {
      if (by === 'module') {
        const lab = await guest.lab();
        await lab.burst({ count: FLOOD_LINES, size: BYTES });
        lab.crash({ how: 'panic' });
      } else {
        // Each write is a record.
        guest.kill(`(dd if=/tmp/flood of=/dev/kmsg bs=${BYTES} 2>/dev/null; echo c > /proc/sysrq-trigger)`);
      }
    },
    measure(seen) {
      const point = { lines: FLOOD_LINES, 'log buffer': logBuffer ?? 'CONFIG_LOG_BUF_SHIFT' };
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
      losses: [rebootsBeforeFlush, overwrittenByFlood],
    },
  });
}

const WRITE_FLOOD = [
  `i=0; while [ $i -lt ${FLOOD_LINES} ]; do i=$((i+1))`,
  `printf "%-${BYTES - 1}s\\n" "<6>flood $i/${FLOOD_LINES} abcdefghijklmnopqrstuvwxyz"; done > /tmp/flood`,
].join('; ');
