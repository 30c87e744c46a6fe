import { scenario, type Seen } from '../harness/lab/scenario.ts';
import { arrivedOf, needAttribute, say, SPECIAL, TARGET } from './special-records.ts';

/** Which numbers kernels document: MAX_USERDATA_ITEMS (drivers/net/netconsole.c), 16 at first and 256 later. */
const DOCUMENTED = new Set([16, 256]);
const ACCEPTED = /^crashlab: userdata items accepted: (\d+)$/;

const ALL = Object.values(SPECIAL);
/** 190 bytes with its key: about as long as a value can be. */
const FILLING = 'x'.repeat(170);

/** Makes items until one is refused, each with a value, and says how many there were. */
const FILL = [
  `n=0`,
  `while [ $n -lt 1000 ] && mkdir ${TARGET}/userdata/key$n 2>/tmp/refused`,
  `do echo "value $n ${FILLING}" > ${TARGET}/userdata/key$n/value; n=$((n + 1))`,
  `done`,
  `echo "<6>crashlab: userdata items accepted: $n" > /dev/kmsg`,
].join('; ');

function accepted({ written }: Pick<Seen, 'written'>): number {
  const found = written.flatMap(({ text }) => ACCEPTED.exec(text)?.[1] ?? []);
  return Number(found[0] ?? 0);
}

export default scenario({
  title: 'as many userdata items as the kernel takes, and one more; the guest lives on',
  why: 'A record with all its userdata is the longest there is: dozens of datagrams, each of which can be lost.',
  needs: [],
  format: 'extended',
  prepare: ({ guest }) => needAttribute(guest, 'userdata'),
  async run({ guest }) {
    await guest.run(FILL);
    const refused = await guest.run('cat /tmp/refused');
    if (!refused.includes('No space left on device'))
      guest.missed(`The last item was not refused for want of room: ${refused.trim()}.`);
    await say(guest, ALL);
  },
  measure: (seen) => [{ name: 'userdata items accepted', unit: 'items', value: accepted(seen) }],
  check(seen) {
    const count = accepted(seen);
    const problems = DOCUMENTED.has(count) ? [] : [`The kernel took ${count} items.`];
    const wanted = Array.from({ length: count }, (_, at) => `key${at}=value ${at} ${FILLING}`).join('\n');
    for (const special of ALL) {
      const came = arrivedOf(special, seen);
      const found = came?.dictionary.map((entry) => entry.join('=')).join('\n');
      if (found !== wanted) problems.push(`Userdata is not whole at “${special.text.slice(0, 40)}”.`);
    }
    return problems;
  },
  expect: { kind: 'none', ends: 'alive', says: ACCEPTED },
});
