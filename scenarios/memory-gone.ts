import type { KnownLoss } from '../harness/lab/scenario.ts';

/**
 * The lab module’s own line, the first without memory: it took thousands of pages, stopped because nothing was left, and
 * the kernel counts next to none as free (it counts 125 late, for each zone and CPU).
 */
export const MEMORY_GONE = /exhausted pages=[1-9]\d{3,} .*free-pages=\d{1,3} rounds=(?:\d|1[0-5])\b/;

/** What netpoll keeps for messages when memory is short: Linux net/core/netpoll.c MAX_SKBS; from 7.3 on in drivers/net/netconsole.c. */
export const RESERVE = 32;

/**
 * More messages than the reserve has buffers for (a panic’s own report is longer), and a NIC that is not always done with
 * one when the next comes.
 */
export const noBuffer: KnownLoss = {
  when: () => true,
  how: 'sometimes',
  since: MEMORY_GONE,
  because:
    'no memory for a message’s buffer: netpoll polls the NIC ten times for one, then drops the message; its reserve is refilled from memory that is not there, so only the NIC gives buffers back, and on a busy host it is late (inferred: single messages and short runs of them are missing in the middle)',
  source:
    'find_skb() in net/core/netpoll.c; measured, of 3000 lines: on 6.1 some lost in 3 of 15 runs, on 6.12 in 15 of 29 (1 to 32 records in five that were counted); of 300: on 6.1 in 0 of 12, on 6.12 in 1 of 12; on 7.2 1 to 439 lines in 6 of 15 runs, 300 lines with interrupts off in 3 of 3; of 32 lines and the panic on 6.12 8 to 123 of 166 to 190 records in 6 of 19 runs',
};
