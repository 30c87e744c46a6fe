import type { ScenarioGuest } from '../harness/lab/scenario.ts';

const OVER = '/tmp/over';

/**
 * Runs shell commands at once, in the background, and says records `crashlab: NAME N` until all of them are over; gives
 * how many. With a moment between two: a flood would only overwrite itself.
 */
export async function sayMeanwhile(
  guest: ScenarioGuest,
  name: string,
  commands: readonly string[],
): Promise<number> {
  const all = commands.map((command) => `(${command}) &`).join(' ');
  const said = `echo "<6>crashlab: ${name} $n" > /dev/kmsg; usleep 1000; n=$((n + 1))`;
  const output = await guest.run(
    `( (${all} wait; touch ${OVER}) & n=0; while [ ! -e ${OVER} ]; do ${said}; done; wait; rm ${OVER}; echo $n )`,
  );
  return Number(output);
}

/** A shell command that does another so many times, and writes into a file how often it succeeded. */
export function repeated(times: number, command: string, file: string): string {
  return `n=0; for i in $(seq ${times}); do ${command} && n=$((n + 1)); done; echo $n > ${file}`;
}
