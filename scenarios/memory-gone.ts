import type { KnownLoss } from '../harness/lab/scenario.ts';

/**
 * The lab module’s own line, the first without memory: it took thousands of pages, stopped because nothing was left, and
 * the kernel counts next to none as free (it counts 125 late, for each zone and CPU).
 */
export const MEMORY_GONE = /exhausted pages=[1-9]\d{3,} .*free-pages=\d{1,3} rounds=(?:\d|1[0-5])\b/;

/** Linux 7.0 on: the printer thread sends while there is no memory for its messages. */
export const noBuffer: KnownLoss = {
  when: ({ facts }) => facts.netconsole === 'nbcon',
  how: 'sometimes',
  because:
    'no memory for a message’s buffer: netpoll polls the NIC ten times for one, then drops the message; its reserve is refilled only by a work item, which does not run meanwhile (inferred: single messages and short runs of them are missing in the middle)',
  source:
    'find_skb() in net/core/netpoll.c; measured on 7.2 on a busy host: 1 to 439 lines lost in 6 of 15 runs, 300 lines with interrupts off in 3 of 3',
};
