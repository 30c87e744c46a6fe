import type { ScenarioGuest } from '../harness/lab/scenario.ts';

const HOST = '10.0.2.2';
const COUNTER = '/sys/class/net/eth0/statistics/tx_packets';
/** Linux lib/dynamic_queue_limits.c; drivers without byte queue limits leave both at 0. */
const LIMITS = '/sys/class/net/eth0/queues/tx-0/byte_queue_limits';
/** Pings that the driver must not have had back, one after the other: it counts a frame only when it sends another. */
const UNSENT = 4;

const ping = (bytes: number) => `ping -c 1 -W 1 -s ${bytes} ${HOST} >/dev/null 2>&1`;

/**
 * Lets the NIC stand still, so that nothing that is given to it leaves it: the wire is not read any more, and pings
 * fill everything between it and the guest. Then a few frames are left in the NIC's own ring, and room for hundreds.
 * Gives whether its byte queue limit has stopped the transmit queue by then. Errors: TRIGGER_MISSED.
 */
export async function letNicStandStill(guest: ScenarioGuest): Promise<'open' | 'stopped'> {
  // Whoever is asked for an address now can't answer later.
  await guest.run(ping(56));
  guest.stall('on');
  const { output } = await guest.attempt(
    [
      `for i in 1 2 3 4 5 6; do ${ping(20000)} & done; usleep 100000; unsent=0; tries=0`,
      `while [ $unsent -lt ${UNSENT} ] && [ $tries -lt 600 ]; do before=$(cat ${COUNTER}); ${ping(1400)} &`,
      `usleep 5000; tries=$((tries+1)); if [ $(cat ${COUNTER}) = $before ]; then unsent=$((unsent+1)); else unsent=0; fi; done`,
      `echo unsent=$unsent tries=$tries limit=$(cat ${LIMITS}/limit) inflight=$(cat ${LIMITS}/inflight)`,
    ]
      .join('; ')
      .replaceAll('&;', '&'),
  );
  if (!output.includes(`unsent=${UNSENT} `)) guest.missed(`The NIC would not stand still: ${output.trim()}.`);
  const [limit = 0, inFlight = 0] = (/limit=(\d+) inflight=(\d+)/.exec(output)?.slice(1) ?? []).map(Number);
  return inFlight > limit ? 'stopped' : 'open';
}
